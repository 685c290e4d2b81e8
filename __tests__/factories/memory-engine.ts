import { gunzipSync } from "node:zlib";
import type { Answer, SignedRequest, Transport } from "../../lambda/shipper/transport";
import type { DeadLetter } from "../../lambda/shipper/dead-letters";

/** An item of a bulk request as the engine sees it. */
export interface Item {
  readonly index: string;
  readonly id: string;
  readonly source: string;
  /** How many bulk requests there were before this one. */
  readonly request: number;
}

/** What the engine says of an item; `undefined` where it takes it. */
export type Opinion = { readonly status: number; readonly error: unknown } | undefined;

/**
 * What the shipper's requests reach in unit tests: an engine that keeps documents by index and id, and a bucket. No
 * mapping, no disk; those are tried against the real engines.
 */
export class MemoryEngine {
  /** Documents by `index/id`. */
  readonly documents = new Map<string, string>();
  /** The bucket's objects. */
  readonly objects = new Map<string, Buffer>();
  /** The bulk requests, by the ids in each. */
  readonly requests: string[][] = [];
  /** Bytes of each bulk body, unpacked. */
  readonly bodyBytes: number[] = [];

  constructor(
    private readonly behaviour: {
      /** Before a request is looked at: an answer of its own, or an error as if the connection broke. */
      readonly before?: (request: number, body: Buffer) => Answer | Error | undefined;
      readonly item?: (item: Item) => Opinion;
      /** After a request has been done: changes what is answered. */
      readonly after?: (answer: Answer, request: number) => Answer | Error;
      readonly bucket?: (request: SignedRequest) => Answer | Error | undefined;
    } = {},
  ) {}

  readonly transport: Transport = (request) => {
    const answer = request.service === "s3" ? this.put(request) : this.bulk(request);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };

  /** All dead letters in the bucket. */
  letters(): DeadLetter[] {
    return [...this.objects.values()].flatMap((bytes) =>
      gunzipSync(bytes)
        .toString()
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as DeadLetter),
    );
  }

  private put(request: SignedRequest): Answer | Error {
    const other = this.behaviour.bucket?.(request);
    if (other) return other;
    this.objects.set(request.path, request.body);
    return { status: 200, text: "" };
  }

  private bulk(request: SignedRequest): Answer | Error {
    const body = gunzipSync(request.body);
    const number = this.requests.length;
    const lines = body.toString("utf8").split("\n");
    const actions = lines.slice(0, -1).flatMap((line, at) => {
      if (at % 2 === 1) return [];
      const { create } = JSON.parse(line) as { create: { _index: string; _id: string } };
      return [{ index: create._index, id: create._id, source: lines[at + 1]!, request: number }];
    });
    this.requests.push(actions.map(({ id }) => id));
    this.bodyBytes.push(body.length);
    const other = this.behaviour.before?.(number, body);
    if (other) return other;
    const items = actions.map((action) => ({
      create: { _index: action.index, _id: action.id, ...this.create(action) },
    }));
    const answer = {
      status: 200,
      text: JSON.stringify({ took: 1, errors: items.some(({ create }) => "error" in create), items }),
    };
    return this.behaviour.after?.(answer, number) ?? answer;
  }

  private create(item: Item): { status: number; error?: unknown } {
    const opinion = this.behaviour.item?.(item);
    if (opinion) return opinion;
    const key = `${item.index}/${item.id}`;
    if (this.documents.has(key))
      return { status: 409, error: { type: "version_conflict_engine_exception", reason: "" } };
    this.documents.set(key, item.source);
    return { status: 201 };
  }
}

/** Answers with these items instead, as objects of a reply's `items`. */
export function withItems(answer: Answer, change: (items: unknown[]) => unknown[]): Answer {
  const reply = JSON.parse(answer.text) as { items: unknown[] };
  return { ...answer, text: JSON.stringify({ ...reply, items: change(reply.items) }) };
}
