import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { configurationTable } from "../modules/config";
import { PROJECT } from "./support/command";

const README = readFileSync(join(PROJECT, "README.md"), "utf8");
const { scripts } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/** Spaces and dashes that only line a table's columns up. */
function bare(markdown: string): string {
  return markdown.replace(/ {2,}/g, " ").replace(/-{3,}/g, "---");
}

test("the README's table of settings is the one that the schema gives", () => {
  expect(bare(README)).toContain(bare(configurationTable().trim()));
});

test("every npm script that the README names is there", () => {
  const named = [...README.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});

test("every npm script of operations/ is in the README", () => {
  const operations = Object.entries(scripts).filter(([, command]) => command.includes("operations/"));
  expect(operations.map(([name]) => name).filter((name) => !README.includes(`npm run ${name}`))).toEqual([]);
});

test("every file that the README links to is there", () => {
  const links = [...README.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, path]) => path!);
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((path) => !existsSync(join(PROJECT, path.split("#")[0]!)))).toEqual([]);
});
