import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { dayPath, type Archive, type ArchiveKind, type ArchiveObject, type StoredObject } from "./archive";

/** A copy of the archive in a folder, as `aws s3 sync s3://<bucket> <folder>` makes it. It has no signatures of digests. */
export class FolderArchive implements Archive {
  constructor(readonly name: string) {}

  async list(kind: ArchiveKind, accountId: string, day: string): Promise<ArchiveObject[]> {
    const found: ArchiveObject[] = [];
    const prefix = `AWSLogs/${accountId}/${kind}/`;
    for (const region of await this.names(prefix)) {
      const folder = `${prefix}${region}/${dayPath(day)}`;
      for (const name of await this.names(folder)) {
        if (!name.endsWith(".json.gz")) continue;
        const key = `${folder}${name}`;
        found.push({ key, bytes: (await stat(join(this.name, key))).size });
      }
    }
    return found;
  }

  async read(key: string): Promise<StoredObject> {
    return { bytes: await readFile(join(this.name, key)), metadata: {} };
  }

  /** What a folder holds, in order; nothing where there is none. */
  private async names(folder: string): Promise<string[]> {
    try {
      return (await readdir(join(this.name, folder))).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }
}
