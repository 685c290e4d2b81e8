import { DomainError, type DomainClient } from "../domain-client";
import type { IndexedDocument, IndexReader } from "./verify";

/** The index as the operator role reads it. */
export class DomainIndex implements IndexReader {
  constructor(private readonly client: DomainClient) {}

  async *documents(index: string, accountId: string): AsyncGenerator<readonly IndexedDocument[]> {
    const query = { bool: { filter: [{ term: { "@owner.keyword": accountId } }] } };
    try {
      yield* this.client.scan({ query }, index);
    } catch (error) {
      // No record of that day has come at all.
      if (error instanceof DomainError && error.status === 404) return;
      throw error;
    }
  }

  /** Makes room for the archive's content. */
  async remove(index: string, ids: readonly string[]): Promise<void> {
    const lines = ids.map((_id) => `${JSON.stringify({ delete: { _index: index, _id } })}\n`);
    await this.client.bulk(lines.join(""));
  }
}
