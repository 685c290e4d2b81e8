import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";
import { PROJECT } from "./support/command";

/** A step of the article as docs/article.md tells it. */
interface Step {
  readonly step: string;
  readonly test: string;
  readonly file: string;
}

const ARTICLE = join(PROJECT, "docs", "article.md");

/** The rows of the page's tables; each table is under the line that names its test file. */
function steps(): Step[] {
  let file = "";
  return readFileSync(ARTICLE, "utf8")
    .split("\n")
    .flatMap((line) => {
      file = /^Tests: \[.*\]\((.*)\)$/.exec(line)?.[1] ?? file;
      const [, step, , test] = line.split("|").map((cell) => cell.trim());
      const title = /^`(.*)`$/.exec(test ?? "")?.[1];
      return step === undefined || title === undefined ? [] : [{ step, test: title, file }];
    });
}

/** The titles of a file's tests, as patterns: what `test.each` puts into them may be anything. */
function titles(file: string): RegExp[] {
  const found: RegExp[] = [];
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^test\b/.test(node.expression.getText(source))) {
      const [title] = node.arguments;
      if (title && ts.isStringLiteral(title)) found.push(pattern(title.text));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function pattern(title: string): RegExp {
  const parts = title.split(/%[sdij]/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".+")}$`);
}

describe("docs/article.md", () => {
  const found = steps();

  test("lists the article's steps", () => {
    expect(found.length).toBeGreaterThan(40);
  });

  test.each(found)("$step: the test that proves it exists", ({ file, test: title }) => {
    const path = resolve(dirname(ARTICLE), file);
    expect([path, existsSync(path)]).toEqual([path, true]);
    expect(titles(path).filter((one) => one.test(title))).not.toEqual([]);
  });
});
