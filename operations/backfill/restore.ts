import { withoutContent } from "../../lambda/shipper/bulk";
import { deliver } from "../../lambda/shipper/deliver";
import type { Action } from "../../lambda/shipper/document";
import { readRecordFile, UnreadableFile, type Archive } from "../archive/archive";
import { deliveryContext, type DeliveryOptions } from "../delivery";
import { actionOf, type ContentSettings } from "../verify/content";

/** The domain does not let the operator write. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

export interface RestoreOptions extends ContentSettings, DeliveryOptions {
  readonly archive: Archive;
  /** Removes the document of an id first; for content that is another than the archive's. */
  readonly remove?: (index: string, ids: readonly string[]) => Promise<void>;
  /** Called with the number of records that were delivered. */
  readonly onRecords?: (count: number) => void;
}

export interface Restored {
  delivered: number;
  duplicates: number;
  /** Records that the domain did not take, and why; without their content. */
  readonly failed: { readonly id: string; readonly why: string }[];
}

/** Records that are delivered together. */
const BATCH = 2_000;

/**
 * Puts records into the index, from the archive, through the code that the functions run. What is there already
 * stays as it is, so it can be ended and begun again at any time.
 *
 * @param days on which their files were delivered, `YYYY-MM-DD`
 * @param wanted their ids
 * @throws RefusedError if the domain refuses the operator
 */
export async function restore(
  accountId: string,
  days: readonly string[],
  wanted: ReadonlySet<string>,
  options: RestoreOptions,
): Promise<Restored> {
  const restored: Restored = { delivered: 0, duplicates: 0, failed: [] };
  const left = new Set(wanted);
  let batch: Action[] = [];
  for (const day of days) {
    for (const { key, frozen } of await options.archive.list("CloudTrail", accountId, day)) {
      if (left.size === 0 || frozen !== undefined) continue;
      for (const record of await recordsOf(key, options.archive)) {
        const action = actionOf(record, accountId, options);
        if (!left.delete(action.id)) continue;
        batch.push(action);
        if (batch.length === BATCH) {
          await send(batch, restored, options);
          batch = [];
        }
      }
    }
  }
  await send(batch, restored, options);
  return restored;
}

async function recordsOf(key: string, archive: Archive) {
  try {
    return readRecordFile((await archive.read(key)).bytes).records;
  } catch (error) {
    // Verify has named it.
    if (error instanceof UnreadableFile) return [];
    throw error;
  }
}

async function send(actions: readonly Action[], restored: Restored, options: RestoreOptions): Promise<void> {
  if (actions.length === 0) return;
  if (options.remove) {
    for (const index of new Set(actions.map((action) => action.index))) {
      const ids = actions.filter((action) => action.index === index).map(({ id }) => id);
      await options.remove(index, ids);
    }
  }
  const { delivered, duplicates, rejected, undelivered, refused } = await deliver(actions, deliveryContext(options));
  if (refused !== undefined) throw new RefusedError(`the domain refuses the operator: ${refused}`);
  restored.delivered += delivered;
  restored.duplicates += duplicates;
  restored.failed.push(
    ...[...rejected, ...undelivered].map(({ action, detail }) => ({ id: action.id, why: withoutContent(detail) })),
  );
  options.onRecords?.(delivered + duplicates);
}
