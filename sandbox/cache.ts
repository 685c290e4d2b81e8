import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import envPaths from "env-paths";
import { lock } from "proper-lockfile";

/** Where downloads and compiled things are kept from run to run, by the user's own convention for caches. */
export const CACHE_DIRECTORY = envPaths("cloudtrail-kibana", { suffix: "" }).cache;

/**
 * A folder of the cache, made once: named by what it is made from, so that a change makes a new one. Two runs at once
 * do not meet half of it: it is made beside its place and moved there, and one waits for the other.
 *
 * @param madeFrom everything that decides what comes out
 * @param make fills the folder it is given
 * @returns the folder's path
 */
export async function cached(
  name: string,
  madeFrom: readonly (string | Buffer)[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const hash = createHash("sha256");
  madeFrom.forEach((part) => hash.update(part).update("\0"));
  const folder = join(CACHE_DIRECTORY, `${name}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE_DIRECTORY, { recursive: true });
  const release = await lock(CACHE_DIRECTORY, {
    lockfilePath: `${folder}.lock`,
    stale: 30_000,
    retries: { retries: 600, factor: 1, minTimeout: 1_000 },
  });
  const scratch = mkdtempSync(join(CACHE_DIRECTORY, ".making-"));
  try {
    if (!existsSync(folder)) {
      await make(scratch);
      renameSync(scratch, folder);
    }
    return folder;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    await release();
  }
}
