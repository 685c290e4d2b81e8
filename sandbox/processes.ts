import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import kill from "tree-kill";

/** The last lines that a process printed, for the message when it fails. */
export class Tail {
  private lines: string[] = [];

  constructor(private readonly length = 40) {}

  add(text: string): void {
    this.lines = [...this.lines, ...text.split("\n").filter((line) => line.trim() !== "")].slice(-this.length);
  }

  toString(): string {
    return this.lines.join("\n");
  }
}

/**
 * Runs a program to its end.
 *
 * @throws Error with the last lines it printed, if it ends with another code than 0
 */
export function run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const tail = new Tail();
    child.stdout.on("data", (chunk: Buffer) => tail.add(chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => tail.add(chunk.toString()));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ended with ${code ?? signal ?? "no code"}:\n${tail.toString()}`));
    });
  });
}

/**
 * Waits for the line by which a server says that it is ready.
 *
 * @param pattern its first group is given back
 * @throws Error with the last lines printed, if the process ends before, or says nothing within the time
 */
export function ready(child: ChildProcess, what: string, pattern: RegExp, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const tail = new Tail();
    let pending = "";
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new Error(`${what} ${why}:\n${tail.toString()}`));
    };
    const timer = setTimeout(() => fail(`was not ready within ${timeoutMs / 1000} s`), timeoutMs);
    const read = (chunk: Buffer) => {
      tail.add(chunk.toString());
      pending = (pending + chunk.toString()).slice(-10_000);
      const match = pattern.exec(pending);
      if (match) {
        clearTimeout(timer);
        resolve(match[1] ?? match[0]);
      }
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.on("error", (error) => fail(error.message));
    child.on("exit", (code, signal) => fail(`ended with ${code ?? signal ?? "no code"}`));
  });
}

/** Ends a process and its children: asked first, killed after `graceMs`. */
export async function end(child: ChildProcess, graceMs = 10_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  kill(child.pid, "SIGTERM");
  const timer = setTimeout(() => kill(child.pid!, "SIGKILL"), graceMs);
  await gone;
  clearTimeout(timer);
}
