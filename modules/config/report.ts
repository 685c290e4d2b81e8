import { writeSync } from "node:fs";
import { ConfigError } from "./problems";

const STANDARD_ERROR = 2;

/**
 * Runs a program that reads a configuration. A configuration that cannot be used ends it with exit code 1 and the list
 * of problems on standard error, without a stack trace: it is the user's file that needs a look, not this code. Any
 * other error is thrown on.
 */
export function orExplain<T>(program: () => T): T {
  try {
    return program();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // Written at once: process.exit does not wait for a pipe.
    writeSync(STANDARD_ERROR, `${error.message}\n`);
    process.exit(1);
  }
}

/** Prints what is probably not meant, one line each, to standard error. */
export function printWarnings(file: string, warnings: readonly string[]): void {
  for (const warning of warnings) writeSync(STANDARD_ERROR, `${file}: warning: ${warning}\n`);
}
