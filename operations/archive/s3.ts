import { buffer } from "node:stream/consumers";
import type { Readable } from "node:stream";
import {
  GetObjectCommand,
  paginateListObjectsV2,
  type ListObjectsV2CommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { dayPath, type Archive, type ArchiveKind, type ArchiveObject, type StoredObject } from "./archive";

/** Classes whose objects are not there until they are restored. https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html */
const FROZEN: ReadonlySet<string> = new Set(["GLACIER", "DEEP_ARCHIVE"]);

/** The archive in S3, as the operator role may read it. */
export class S3Archive implements Archive {
  private readonly regions = new Map<string, Promise<string[]>>();

  constructor(
    private readonly client: S3Client,
    readonly name: string,
  ) {}

  async list(kind: ArchiveKind, accountId: string, day: string): Promise<ArchiveObject[]> {
    const found: ArchiveObject[] = [];
    for (const region of await this.regionsOf(`AWSLogs/${accountId}/${kind}/`)) {
      const input: ListObjectsV2CommandInput = {
        Bucket: this.name,
        Prefix: `${region}${dayPath(day)}`,
        OptionalObjectAttributes: ["RestoreStatus"],
      };
      for await (const { Contents = [] } of paginateListObjectsV2({ client: this.client }, input)) {
        for (const { Key = "", Size = 0, StorageClass = "", RestoreStatus } of Contents) {
          if (!Key.endsWith(".json.gz")) continue;
          // A restored copy keeps the class, and has a day on which it goes.
          const isFrozen = FROZEN.has(StorageClass) && RestoreStatus?.RestoreExpiryDate === undefined;
          found.push({ key: Key, bytes: Size, ...(isFrozen ? { frozen: StorageClass } : {}) });
        }
      }
    }
    return found;
  }

  async read(key: string): Promise<StoredObject> {
    const { Body, Metadata = {} } = await this.client.send(new GetObjectCommand({ Bucket: this.name, Key: key }));
    return { bytes: await buffer(Body as Readable), metadata: Metadata };
  }

  /** Prefixes of the regions that have files; asked once. */
  private regionsOf(prefix: string): Promise<string[]> {
    const known = this.regions.get(prefix) ?? this.askRegions(prefix);
    this.regions.set(prefix, known);
    return known;
  }

  private async askRegions(prefix: string): Promise<string[]> {
    const found: string[] = [];
    const input = { Bucket: this.name, Prefix: prefix, Delimiter: "/" };
    for await (const { CommonPrefixes = [] } of paginateListObjectsV2({ client: this.client }, input)) {
      found.push(...CommonPrefixes.map(({ Prefix = "" }) => Prefix));
    }
    return found;
  }
}
