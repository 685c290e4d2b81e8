import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { buildSync } from "esbuild";
import { bundle } from "../../../modules/aws";
import { PROJECT } from "../../support/command";

const elsewhere = mkdtempSync(join(tmpdir(), "other folder-"));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

describe.each(["shipper", "gateway"])("the package of the %s", (name) => {
  test("is the same from another folder, with other file times, umask and time zone", () => {
    const entry = join(PROJECT, "lambda", name, "handler.ts");
    const copy = join(elsewhere, relative(PROJECT, entry));
    copySources(entry);
    const run = spawnSync(
      "sh",
      ["-c", `umask 077; exec "$0" "$1" "$2"`, tsx(), join(__dirname, "print-hash.ts"), copy],
      { cwd: elsewhere, env: { ...process.env, TZ: "Pacific/Kiritimati", LANG: "C" }, encoding: "utf8" },
    );
    expect(run.stderr).toBe("");
    expect(run.stdout).toBe(bundle(entry).hash);
  });
});

/** Copies everything that a function is made of, its dependencies and what describes them too, with times of long ago. */
function copySources(entry: string): void {
  const { metafile } = buildSync({
    entryPoints: [entry],
    absWorkingDir: PROJECT,
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    outdir: elsewhere,
  });
  const sources = Object.keys(metafile.inputs);
  const described = new Set(sources.flatMap((source) => folders(source).map((folder) => join(folder, "package.json"))));
  for (const file of [...sources, ...described]) {
    const to = join(elsewhere, file);
    mkdirSync(dirname(to), { recursive: true });
    if (copied(join(PROJECT, file), to)) utimesSync(to, 1_000_000_000, 1_000_000_000);
  }
}

function copied(from: string, to: string): boolean {
  try {
    copyFileSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** A file's folder and those above it, within the project. */
function folders(file: string): string[] {
  const folder = dirname(file);
  return folder === "." ? [folder] : [folder, ...folders(folder)];
}

function tsx(): string {
  return join(PROJECT, "node_modules", ".bin", "tsx");
}
