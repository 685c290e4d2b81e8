import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { LineCounter, parseDocument, type Document, type YAMLError } from "yaml";
import { explain, type Place } from "./explain";
import { pathText, type Path } from "./path";
import { ConfigError, type Problem } from "./problems";
import { crossProblems, warnings } from "./rules";
import { configSchema, withNames, type Config } from "./schema";
import { rulesOnTheRest } from "./usable";

const DEFAULT_FILE = "cloudtrail.yaml";

/** A configuration that can be used, and what is probably not meant in it. */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
  /** The file it came from. */
  readonly file: string;
}

/**
 * Reads `cloudtrail.yaml` in the working directory, or the file that CLOUDTRAIL_CONFIG names.
 *
 * @throws ConfigError with every problem, also where there is no file
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, cwd = process.cwd()): LoadedConfig {
  const named = env.CLOUDTRAIL_CONFIG === "" ? undefined : env.CLOUDTRAIL_CONFIG;
  const file = resolve(cwd, named ?? DEFAULT_FILE);
  let yaml: string;
  try {
    yaml = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    throw new ConfigError(file, [
      {
        path: named === undefined ? DEFAULT_FILE : "CLOUDTRAIL_CONFIG",
        message: UNREADABLE[code] ?? `the file cannot be read (${code})`,
        remedy: `Copy cloudtrail.example.yaml to ${DEFAULT_FILE} and fill in your accounts, or name your file in CLOUDTRAIL_CONFIG`,
      },
    ]);
  }
  return parseConfig(yaml, file);
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "this is a folder, not a file",
  EACCES: "you may not read this file",
};

/**
 * Reads a configuration from its YAML text.
 *
 * @param file what messages call the text
 * @throws ConfigError with every problem: of the YAML, of single values, and of values that do not go together. Values
 * that are wrong by themselves do not hide problems of the others.
 */
export function parseConfig(yaml: string, file = DEFAULT_FILE): LoadedConfig {
  const lines = new LineCounter();
  const document = parseDocument(yaml, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    // Its warnings go to the process, past the list of problems.
    logLevel: "error",
  });
  const syntax = syntaxProblems(document, lines);
  // A key that is there twice leaves the rest of the file readable; other faults of the YAML do not.
  if ([...document.errors, ...document.warnings].some(({ code }) => code !== "DUPLICATE_KEY")) {
    throw new ConfigError(file, syntax);
  }
  const raw = toPlain(document, file);
  const place = (path: Path): Place => placeOf(document, lines, path);
  const result = configSchema.safeParse(raw);
  const config = result.success ? withNames(result.data) : undefined;
  const single = result.success ? [] : explain(result.error.issues, raw, place);
  const between = result.success ? crossProblems(withNames(result.data)) : rulesOnTheRest(raw, result.error.issues);
  const problems: Problem[] = [
    ...syntax,
    ...single,
    // eslint-disable-next-line @typescript-eslint/no-unused-vars -- only for the rules' own use
    ...between.map(({ path, follows, ...problem }) => ({ ...problem, path: pathText(path), line: place(path).line })),
  ];
  if (config === undefined || problems.length > 0) {
    throw new ConfigError(
      file,
      [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    );
  }
  return { config, warnings: warnings(config), file };
}

function syntaxProblems(document: Document.Parsed, lines: LineCounter): Problem[] {
  return [...document.errors, ...document.warnings].map((error) => ({
    path: "YAML",
    line: lines.linePos(error.code === "MULTIPLE_DOCS" ? document.range[2] : error.pos[0]).line,
    ...syntaxMessage(error),
  }));
}

function syntaxMessage({ code, message }: YAMLError): Pick<Problem, "message" | "remedy"> {
  switch (code) {
    case "DUPLICATE_KEY":
      return { message: "this key is there twice", remedy: "Keep one of them" };
    case "MULTIPLE_DOCS":
      return {
        message: "the file holds more than one document",
        remedy: "Remove the line --- and what does not belong",
      };
    case "TAB_AS_INDENT":
      return { message: "tabs are no indentation", remedy: "Indent with spaces" };
    case "BAD_DIRECTIVE":
      return { message: "a line that begins with % is a directive, and this is none of YAML's", remedy: "Remove it" };
    case "TAG_RESOLVE_FAILED":
      return { message: "a word that begins with ! is a tag, and this one is unknown", remedy: "Remove or quote it" };
    default:
      // The parser's messages end with a piece of the file after a colon, which could be a secret.
      return { message: message.replace(/: [^]*$/, ""), remedy: "Correct the syntax; an editor shows the place" };
  }
}

function toPlain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    // An alias without its anchor, or a nest of aliases that would fill the memory.
    const message = (error as Error).message.replace(/: [^]*$/, "");
    throw new ConfigError(file, [{ path: "YAML", message, remedy: "Write the values out instead of using aliases" }]);
  }
}

/** Where a value, or what should hold it, stands in the file, and its text there. */
function placeOf(document: Document, lines: LineCounter, path: Path): Place {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as YamlNode | undefined;
    if (node?.range) {
      return {
        line: lines.linePos(node.range[0]).line,
        text: length === path.length ? node.source : undefined,
      };
    }
  }
  return {};
}

interface YamlNode {
  readonly range?: readonly [number, number, number] | null;
  readonly source?: string;
}
