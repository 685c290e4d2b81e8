import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPrerequisites, MissingPrograms } from "../../sandbox/prerequisites";

const ALL: Readonly<Record<string, string>> = {
  terraform: "Terraform v1.11.4\non linux_amd64",
  java: 'openjdk version "17.0.15" 2026-04-15',
  javac: "javac 17.0.15",
  mvn: "Apache Maven 3.8.7",
  python3: "Python 3.11.2",
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "programs-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a machine that has everything is good", () => {
  install(ALL);
  expect(() => checkPrerequisites(true, { PATH: folder })).not.toThrow();
});

test("everything that is missing is said at once, with what it is for and the remedy", () => {
  const { message } = failure(true);
  for (const name of Object.keys(ALL))
    expect(message).toMatch(new RegExp(`- ${name} \\(.+\\) is not on the PATH.*: install`));
  expect(message.split("\n")).toHaveLength(6);
});

test("what is too old is said with both versions", () => {
  install({ ...ALL, java: 'openjdk version "11.0.2"', terraform: "Terraform v1.4.7" });
  const { message } = failure(true);
  expect(message).toContain("java (runs the search engine) is 11.0, needed is 17.0 or later");
  expect(message).toContain("terraform (applies the synthesized stacks) is 1.4, needed is 1.5 or later");
  expect(message.split("\n")).toHaveLength(3);
});

test("newer versions are good, however they are counted", () => {
  install({
    ...ALL,
    java: 'openjdk version "21"',
    javac: "javac 21",
    python3: "Python 3.14.0",
    terraform: "Terraform v2.0.0",
  });
  expect(() => checkPrerequisites(true, { PATH: folder })).not.toThrow();
});

test("a program that is there and does not run counts as missing", () => {
  install(ALL);
  script("mvn", "echo Apache Maven 3.8.7; exit 1");
  expect(failure(true).message).toContain("mvn (fetches the search engine's jars) is not on the PATH or does not run");
});

test("an engine that already runs needs neither Java nor Maven", () => {
  install({ terraform: ALL.terraform!, python3: ALL.python3! });
  expect(() => checkPrerequisites(false, { PATH: folder })).not.toThrow();
});

function failure(needsEngine: boolean): MissingPrograms {
  try {
    checkPrerequisites(needsEngine, { PATH: folder });
  } catch (error) {
    if (error instanceof MissingPrograms) return error;
    throw error;
  }
  throw new Error("nothing is missing");
}

function install(programs: Readonly<Record<string, string>>): void {
  for (const [name, output] of Object.entries(programs)) script(name, `echo '${output}'`);
}

function script(name: string, body: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
}
