import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { buildSync } from "esbuild";
import { zipSync } from "fflate";

/** A function's deployment package: a zip with one file, `index.js`. */
export interface Bundle {
  readonly zip: Uint8Array;
  /** SHA-256 of the zip in base64, what Lambda itself answers as CodeSha256. */
  readonly hash: string;
}

/** What the functions run on, see {@link "./node-function".NodeFunction}. The newest that aws provider 5.100 accepts. */
export const RUNTIME = "nodejs22.x";

/**
 * Bundles a Lambda function with everything that it imports. The same sources give the same bytes wherever the project
 * lies and whenever its files were written: no path, no time and no access mode of the machine gets into the package.
 *
 * @param entry absolute path of the module that exports `handler`
 * @throws Error with esbuild's messages where the sources cannot be bundled
 */
export function bundle(entry: string): Bundle {
  const known = bundles.get(entry);
  if (known) return known;
  const { outputFiles } = buildSync({
    entryPoints: [basename(entry)],
    absWorkingDir: dirname(entry),
    outfile: "index.js",
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    target: "node22",
    minify: true,
    legalComments: "none",
    sourcemap: false,
    // No tsconfig.json of the folders above may change the outcome.
    tsconfigRaw: {},
    logLevel: "silent",
  });
  const made = pack(outputFiles[0]!.contents);
  bundles.set(entry, made);
  return made;
}

/** Several stacks hold the same function: it is bundled once in a run. */
const bundles = new Map<string, Bundle>();

function pack(code: Uint8Array): Bundle {
  // The zip format keeps local time without a zone, so this date reads the same everywhere. 1980 is its first year.
  const mtime = new Date(1980, 0, 1, 12);
  // Readable for everybody: Lambda unpacks as another user.
  const zip = zipSync({ "index.js": code }, { level: 9, mtime, os: 3, attrs: 0o644 << 16 });
  return { zip, hash: createHash("sha256").update(zip).digest("base64") };
}
