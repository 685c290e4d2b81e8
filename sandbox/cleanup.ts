/**
 * What has been started and must end again, in the reverse order, whatever happens: at the end of a run, after a
 * failure, after Ctrl-C. A step that fails does not keep the others from being taken.
 */
export class Cleanup {
  private readonly steps: { readonly what: string; readonly undo: () => Promise<void> | void }[] = [];
  private ending: Promise<void> = Promise.resolve();

  /** Remembers how to end something that has just been started. */
  add(what: string, undo: () => Promise<void> | void): void {
    this.steps.push({ what, undo });
  }

  /**
   * Takes each step once. A further call waits for the one before, and takes what was added since: something may still
   * have been starting. Failures are reported to `onFailure`.
   */
  run(onFailure: (what: string, error: unknown) => void): Promise<void> {
    this.ending = this.ending.then(() => this.takeAll(onFailure));
    return this.ending;
  }

  private async takeAll(onFailure: (what: string, error: unknown) => void): Promise<void> {
    for (let step = this.steps.pop(); step; step = this.steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        onFailure(step.what, error);
      }
    }
  }
}
