import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { PROJECT } from "./support/command";

const PAGES = [
  ...readdirSync(PROJECT).map((name) => join(PROJECT, name)),
  ...readdirSync(join(PROJECT, "docs"), { recursive: true }).map((name) => join(PROJECT, "docs", String(name))),
].filter((path) => path.endsWith(".md"));

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): Set<string> {
  const headings = [...readFileSync(page, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replaceAll(" ", "-"),
    ),
  );
}

test.each(PAGES.map((page) => [relative(PROJECT, page), page]))("%s: every link leads somewhere", (_, page) => {
  const links = [...readFileSync(page, "utf8").matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(([, to]) => to!);
  const broken = links.filter((link) => {
    const [file, anchor] = link.split("#", 2) as [string, string | undefined];
    const target = file === "" ? page : resolve(dirname(page), file);
    return !existsSync(target) || (anchor !== undefined && !anchors(target).has(anchor));
  });
  expect(broken).toEqual([]);
});

test("every decision says what led to it, what was decided and what follows", () => {
  const folder = join(PROJECT, "docs", "decisions");
  const pages = readdirSync(folder);
  expect(pages.length).toBeGreaterThan(5);
  for (const name of pages) {
    const page = readFileSync(join(folder, name), "utf8");
    expect([name, /^\d{4}-[a-z0-9-]+\.md$/.test(name)]).toEqual([name, true]);
    expect([name, /^# \S/.test(page)]).toEqual([name, true]);
    for (const part of ["Context", "Decision", "Consequence"]) expect(page).toMatch(new RegExp(`^## ${part}s?\n`, "m"));
  }
});
