import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startEngine, type Engine } from "../sandbox/engine";
import { record } from "./factories/payload";
import { indexRecords, send } from "./modules/dashboards/index-records";
import { PROJECT } from "./support/command";
import { describeWith } from "./support/tools";

// A first start fetches the engine.
jest.setTimeout(300_000);

const RUNBOOK = readFileSync(join(PROJECT, "docs", "runbook.md"), "utf8");
const [, EXAMPLE = ""] = /```json\n([^]*?)\n```/.exec(RUNBOOK) ?? [];
const SEARCHES = [
  ...RUNBOOK.matchAll(/^\| (.+?) \| `@requestParameters: (.+?)` \| `(@requestParameters:.+?)` \|$/gm),
].map(([, wanted, kql, lucene]) => ({ wanted: wanted!, kql: kql!, lucene: lucene! }));

/** Has everything that the example has, but for the values. */
const OTHER = EXAMPLE.replace("sg-0123", "sg-9876").replace("0.0.0.0/0", "10.1.2.3/32").replace("fromPort", "toPort");

describeWith(["java", "mvn"], "searches of the runbook on a real engine", () => {
  describe.each(["es7", "os2"] as const)("%s", (kind) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await startEngine(kind);
      await indexRecords(engine.url, [
        record({ eventID: "the-example", requestParameters: JSON.parse(EXAMPLE) as unknown }),
        record({ eventID: "another", requestParameters: JSON.parse(OTHER) as unknown }),
      ]);
    });
    afterAll(() => engine.stop());

    test.each(SEARCHES)("$wanted, in Lucene's syntax: $lucene", async ({ lucene }) => {
      expect(await found({ query_string: { query: lucene, analyze_wildcard: true } })).toEqual(["the-example"]);
    });

    test.each(SEARCHES)("$wanted, in KQL: $kql", async ({ kql }) => {
      expect(await found(fromKql("@requestParameters", kql))).toEqual(["the-example"]);
    });

    test("a star in quotes is a star", async () => {
      expect(await found(fromKql("@requestParameters", '"groupId=sg-01*"'))).toEqual([]);
    });

    async function found(query: object): Promise<string[]> {
      const answer = await send(engine.url, "POST", "/cwl-*/_search", JSON.stringify({ query }));
      const { hits } = answer as { hits: { hits: { _id: string }[] } };
      return hits.hits.map(({ _id }) => _id);
    }
  });
});

/**
 * What Kibana makes of a condition on one field: a phrase of what is in quotes, else with each star a wildcard.
 * https://github.com/elastic/kibana/blob/7.10/src/plugins/data/common/es_query/kuery/functions/is.ts
 */
function fromKql(field: string, value: string): object {
  const phrase = /^"(.*)"$/.exec(value)?.[1];
  if (phrase !== undefined) return { match_phrase: { [field]: phrase } };
  const query = value
    .split("*")
    .map((part) => part.replace(/[+\-=&|><!(){}[\]^"~?:\\/]/g, "\\$&"))
    .join("*");
  return { query_string: { fields: [field], query } };
}
