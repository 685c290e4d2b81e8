/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Where, as in the file: `members[1].accountId`. */
  readonly path: string;
  /** The line of the file, counted from 1; absent where the value is not in it. */
  readonly line?: number;
  /** What is there, shortened; absent where nothing is, or where it must not be shown. */
  readonly value?: string;
  /** What is wrong, or what may be there. */
  readonly message: string;
  /** What to do. */
  readonly remedy?: string;
}

/**
 * The configuration cannot be used. The message lists every problem, each with its place, value, limit and remedy, and
 * is meant to be printed as it is.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  /** @param file what the file is called in the message */
  constructor(
    readonly file: string,
    readonly problems: readonly Problem[],
  ) {
    super(render(file, problems));
  }
}

function render(file: string, problems: readonly Problem[]): string {
  const title = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [`${file}: ${title}`, ...problems.map(renderOne)].join("\n");
}

function renderOne({ path, line, value, message, remedy }: Problem): string {
  const place = line === undefined ? path : `${path} (line ${line})`;
  const found = value === undefined ? "" : `is ${value}; `;
  return `  - ${place}: ${found}${message}${remedy === undefined ? "" : `. ${remedy}.`}`;
}
