import { spawnSync } from "node:child_process";

/** A program that the sandbox starts, with the remedy for a machine that lacks it. */
interface Program {
  readonly name: string;
  readonly probe: readonly string[];
  /** What the probe's output must match; the first group is the version. */
  readonly version: RegExp;
  readonly minimum: readonly [number, number];
  readonly usedFor: string;
  readonly remedy: string;
}

const PROGRAMS: readonly Program[] = [
  {
    name: "terraform",
    probe: ["version"],
    version: /Terraform v(\d+\.\d+)/,
    minimum: [1, 5],
    usedFor: "applies the synthesized stacks",
    remedy: "install Terraform 1.5 or later: https://developer.hashicorp.com/terraform/install",
  },
  {
    name: "java",
    probe: ["-version"],
    version: /version "(\d+(?:\.\d+)?)/,
    minimum: [17, 0],
    usedFor: "runs the search engine",
    remedy: "install a JDK 17 or later, for example `apt install openjdk-17-jdk-headless` or `brew install openjdk@17`",
  },
  {
    name: "javac",
    probe: ["-version"],
    version: /javac (\d+(?:\.\d+)?)/,
    minimum: [17, 0],
    usedFor: "compiles the class that starts the search engine",
    remedy: "install a JDK (not only a JRE) 17 or later",
  },
  {
    name: "mvn",
    probe: ["-version"],
    version: /Apache Maven (\d+\.\d+)/,
    minimum: [3, 6],
    usedFor: "fetches the search engine's jars",
    remedy: "install Apache Maven, for example `apt install maven` or `brew install maven`",
  },
  {
    name: "python3",
    probe: ["--version"],
    version: /Python (\d+\.\d+)/,
    minimum: [3, 9],
    usedFor: "runs the simulated AWS (moto)",
    remedy: "install Python 3.9 or later with venv, for example `apt install python3-venv`",
  },
];

const ENGINE_PROGRAMS = new Set(["java", "javac", "mvn"]);

/** The sandbox cannot run on this machine; the message names everything that is missing, with the remedy. */
export class MissingPrograms extends Error {
  override readonly name = "MissingPrograms";
}

/**
 * Finds out at once, before anything is started, what the machine lacks.
 *
 * @param needsEngine false where SEARCH_URL names an engine that already runs: then no Java is needed
 * @param env decides where programs are looked for
 * @throws MissingPrograms naming every program that is missing or too old, what it is for and how to get it
 */
export function checkPrerequisites(needsEngine: boolean, env: NodeJS.ProcessEnv = process.env): void {
  const needed = PROGRAMS.filter(({ name }) => needsEngine || !ENGINE_PROGRAMS.has(name));
  const problems = needed.flatMap((program) => problemOf(program, env));
  if (problems.length > 0) {
    throw new MissingPrograms(
      `The sandbox needs programs that this machine does not have:\n${problems.map((line) => `  - ${line}`).join("\n")}`,
    );
  }
}

function problemOf(program: Program, env: NodeJS.ProcessEnv): string[] {
  const { name, usedFor, remedy } = program;
  const result = spawnSync(name, [...program.probe], { encoding: "utf8", timeout: 30_000, env });
  if (result.error || result.status !== 0) {
    return [`${name} (${usedFor}) is not on the PATH or does not run: ${remedy}`];
  }
  const found = program.version.exec(`${result.stdout}\n${result.stderr}`)?.[1];
  return found !== undefined && olderThan(found, program.minimum)
    ? [`${name} (${usedFor}) is ${found}, needed is ${program.minimum.join(".")} or later: ${remedy}`]
    : [];
}

function olderThan(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}
