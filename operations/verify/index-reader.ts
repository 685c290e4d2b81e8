import { DomainError, type DomainClient } from "../domain-client";
import type { IndexedDocument, IndexReader } from "./verify";

const FEW = 1_000;

interface FirstPage {
  readonly hits: { readonly total: { readonly value: number }; readonly hits: readonly IndexedDocument[] };
}

/** The index as the operator role reads it. */
export class DomainIndex implements IndexReader {
  constructor(private readonly client: DomainClient) {}

  async *documents(index: string, accountId: string): AsyncGenerator<readonly IndexedDocument[]> {
    const query = { bool: { filter: [{ term: { "@owner.keyword": accountId } }] } };
    // A scroll stays open for minutes and the engines bear 500 of them: days with few records, or none, have none.
    const first = await this.firstPage(index, query);
    if (first === undefined) return;
    if (first.total.value <= first.hits.length) yield first.hits;
    else yield* this.client.scan({ query }, index);
  }

  /** Undefined: no record of that day has come at all. */
  private async firstPage(index: string, query: object): Promise<FirstPage["hits"] | undefined> {
    try {
      const search = { size: FEW, sort: ["_doc"], track_total_hits: true, query };
      return (await this.client.search<FirstPage>(search, index)).hits;
    } catch (error) {
      if (error instanceof DomainError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Makes room for the archive's content. */
  async remove(index: string, ids: readonly string[]): Promise<void> {
    const lines = ids.map((_id) => `${JSON.stringify({ delete: { _index: index, _id } })}\n`);
    await this.client.bulk(lines.join(""));
  }
}
