import { SingleBar } from "cli-progress";
import ora from "ora";

/** Where a run says what it is doing. Everything goes to standard error: standard output is for results. */
export interface Progress {
  /** Runs `work` as one visible step; `detail` replaces what the step shows while it goes on. */
  step<T>(title: string, work: (detail: (text: string) => void) => Promise<T>): Promise<T>;
  /** Runs `work` with a bar over `total` units; `advance` moves it. */
  bar<T>(title: string, total: number, work: (advance: (units: number) => void) => Promise<T>): Promise<T>;
  /** One line that stays. */
  note(text: string): void;
}

/** Spinners and bars on a terminal; plain lines in a log. */
export class TerminalProgress implements Progress {
  async step<T>(title: string, work: (detail: (text: string) => void) => Promise<T>): Promise<T> {
    const started = Date.now();
    const spinner = ora({ text: title, stream: process.stderr, discardStdin: false }).start();
    const interactive = process.stderr.isTTY;
    try {
      const result = await work((text) => {
        if (interactive) spinner.text = `${title}: ${text}`;
      });
      spinner.succeed(`${title} ${seconds(started)}`);
      return result;
    } catch (error) {
      spinner.fail(`${title} ${seconds(started)}`);
      throw error;
    }
  }

  async bar<T>(title: string, total: number, work: (advance: (units: number) => void) => Promise<T>): Promise<T> {
    const started = Date.now();
    const bar = new SingleBar({
      format: `  ${title} [{bar}] {value}/{total} {duration_formatted}`,
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: 5_000,
    });
    bar.start(total, 0);
    try {
      const result = await work((units) => bar.increment(units));
      bar.stop();
      this.note(`✔ ${title}: ${total} ${seconds(started)}`);
      return result;
    } catch (error) {
      bar.stop();
      this.note(`✖ ${title} ${seconds(started)}`);
      throw error;
    }
  }

  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }
}

/** For tests: nothing is shown. */
export class SilentProgress implements Progress {
  step<T>(_title: string, work: (detail: (text: string) => void) => Promise<T>): Promise<T> {
    return work(() => undefined);
  }
  bar<T>(_title: string, _total: number, work: (advance: (units: number) => void) => Promise<T>): Promise<T> {
    return work(() => undefined);
  }
  note(): void {
    // Silent.
  }
}

function seconds(started: number): string {
  return `(${((Date.now() - started) / 1000).toFixed(1)} s)`;
}
