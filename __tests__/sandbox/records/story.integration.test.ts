import {
  DASHBOARD_ID,
  isEmpty,
  panelQueries,
  savedObjects,
  SECURITY_DASHBOARD_ID,
  type SearchAnswer,
} from "../../../modules/dashboards";
import { startEngine, type Engine } from "../../../sandbox/engine";
import { day, STORY } from "../../../sandbox/records";
import { indexRecords, send } from "../../modules/dashboards/index-records";
import { describeWith } from "../../support/tools";

// A first start fetches the engine.
jest.setTimeout(300_000);

const ACCOUNTS = [
  { accountId: "111111111111", name: "security" },
  { accountId: "222222222222", name: "production" },
  { accountId: "333333333333", name: "staging" },
];

describeWith(["java", "mvn"], "the made-up day on a real engine", () => {
  describe.each(["es7", "os2"] as const)("%s", (kind) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await startEngine(kind);
      const records = day({ accounts: ACCOUNTS, region: "ap-northeast-1" }).map(({ record }) => record);
      await indexRecords(engine.url, records, ({ recipientAccountId }) => String(recipientAccountId));
    });
    afterAll(() => engine.stop());

    test.each(STORY)("$tells", async ({ query }) => {
      const found = await search({ query: { query_string: { query } }, size: 100 });
      expect(found.length).toBeGreaterThan(0);
      // What the step is about is all that the query finds.
      expect(found.length).toBeLessThan(60);
      expect(new Set(found.map(({ recipientAccountId }) => recipientAccountId))).toContain("222222222222");
    });

    const objects = savedObjects({ excludedUsers: ["monitoring"] });
    const panels = [DASHBOARD_ID, SECURITY_DASHBOARD_ID].flatMap((id) => panelQueries(objects, id));

    test.each(ACCOUNTS)("every panel has data of $name", async ({ accountId }) => {
      const empty: string[] = [];
      for (const panel of panels) {
        const own = {
          bool: { must: [panel.body.query ?? { match_all: {} }], filter: [{ term: { "@owner.keyword": accountId } }] },
        };
        const body = JSON.stringify({ ...panel.body, query: own });
        const answer = (await send(engine.url, "POST", `/${panel.index}/_search`, body)) as SearchAnswer;
        if (isEmpty(panel, panel.read(answer))) empty.push(panel.id);
      }
      expect(empty).toEqual([]);
    });

    async function search(body: object): Promise<Record<string, unknown>[]> {
      const answer = (await send(engine.url, "POST", "/cwl-*/_search", JSON.stringify(body))) as {
        hits: { hits: { _source: Record<string, unknown> }[] };
      };
      return answer.hits.hits.map(({ _source }) => _source);
    }
  });
});
