import { buffer } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { DeleteObjectCommand, GetObjectCommand, NoSuchKey, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { ON_FAILURE_PREFIX } from "./letters";

export interface LetterObject {
  readonly key: string;
  readonly bytes: number;
}

/** The dead-letter bucket. */
export interface LetterBox {
  /** Every object; of one account, those that its shipper wrote and all of Lambda's own. */
  list(accountId?: string): Promise<LetterObject[]>;
  /** Undefined where the object is gone meanwhile. */
  read(key: string): Promise<Buffer | undefined>;
  remove(key: string): Promise<void>;
}

/** The bucket in S3, as the operator role may use it: list, get, delete. */
export class S3LetterBox implements LetterBox {
  constructor(
    private readonly client: S3Client,
    private readonly bucket: string,
  ) {}

  async list(accountId?: string): Promise<LetterObject[]> {
    const prefixes = accountId === undefined ? [""] : [`${accountId}/`, ON_FAILURE_PREFIX];
    const found: LetterObject[] = [];
    for (const Prefix of prefixes) {
      const pages = paginateListObjectsV2({ client: this.client }, { Bucket: this.bucket, Prefix });
      for await (const { Contents = [] } of pages) {
        found.push(...Contents.map(({ Key = "", Size = 0 }) => ({ key: Key, bytes: Size })));
      }
    }
    return found;
  }

  async read(key: string): Promise<Buffer | undefined> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
      return await buffer(Body as Readable);
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }));
  }
}
