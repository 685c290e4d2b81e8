import { cpSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import ignore from "ignore";
import { PROJECT } from "./command";

/** Copies the project as a fresh clone would have it: without what git ignores, and without git's own folder. */
export function copyProject(to: string): void {
  const ignored = ignore()
    .add(readFileSync(join(PROJECT, ".gitignore"), "utf8"))
    .add(".git");
  cpSync(PROJECT, to, {
    recursive: true,
    filter: (source) => {
      const path = relative(PROJECT, source).split(sep).join("/");
      // A pattern that ends with a slash is of folders only; whatever it is here, both forms are asked.
      return path === "" || !(ignored.ignores(path) || ignored.ignores(`${path}/`));
    },
  });
}
