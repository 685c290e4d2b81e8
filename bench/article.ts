import { gunzipSync } from "node:zlib";

/** A payload, unpacked. */
interface Unpacked {
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly logEvents: readonly { readonly id: string; readonly timestamp: number; readonly message: string }[];
}

/**
 * What the article's function does, the one that the console of Amazon Elasticsearch Service made in 2017, written anew
 * for comparison: the parsed fields are copied next to `@id`, `@timestamp`, `@owner`, `@log_group`, `@log_stream` and
 * `@message`, the whole record once more as text; the log event's id is the document's, its arrival the index's day; all
 * goes into one body. A type in the action (the log group's name) is left out: the engines of today refuse it.
 *
 * @param data base64 of the gzipped JSON
 */
export function articleBody(data: string): Buffer {
  const payload = JSON.parse(gunzipSync(Buffer.from(data, "base64")).toString("utf8")) as Unpacked;
  let body = "";
  for (const { id, timestamp, message } of payload.logEvents) {
    const time = new Date(timestamp).toISOString();
    const source = {
      ...(JSON.parse(message) as Record<string, unknown>),
      "@id": id,
      "@timestamp": time,
      "@message": message,
      "@owner": payload.owner,
      "@log_group": payload.logGroup,
      "@log_stream": payload.logStream,
    };
    const action = { index: { _index: `cwl-${time.slice(0, 10).replaceAll("-", ".")}`, _id: id } };
    body += `${JSON.stringify(action)}\n${JSON.stringify(source)}\n`;
  }
  return Buffer.from(body);
}

/** The least that any function has to do with a payload: unpack it, parse it, parse each record. */
export function floor(data: string): number {
  const payload = JSON.parse(gunzipSync(Buffer.from(data, "base64")).toString("utf8")) as Unpacked;
  let records = 0;
  for (const { message } of payload.logEvents) {
    JSON.parse(message);
    records += 1;
  }
  return records;
}
