import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  DASHBOARD_ID,
  isEmpty,
  type PanelQuery,
  panelQueries,
  type Row,
  savedObjects,
  type SearchAnswer,
  SECURITY_DASHBOARD_ID,
  type TimeRange,
} from "../../../modules/dashboards";
import { type Engine, startEngine } from "../../../sandbox/engine";
import { day } from "../../../sandbox/records";
import { describeWith } from "../../support/tools";
import { fieldsOf } from "./fields-of";
import { indexRecords, NAMED_ACCOUNTS, send, type TrailRecord } from "./index-records";
import { DAY, ODD_NAMES, recordsOfADay } from "./records";

// A first start fetches the engine.
jest.setTimeout(300_000);

const ARTICLE_PANELS = ids(DASHBOARD_ID);
const SECURITY_PANELS = ids(SECURITY_DASHBOARD_ID);
const ROOT_PANEL = "rootUse_Table";

describeWith(["java", "mvn"], "panels on a real engine", () => {
  describe.each(["es7", "os2"] as const)("%s", (kind) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await startEngine(kind);
    });
    afterAll(() => engine.stop());

    test("without any index every panel is empty, and none is an error", async () => {
      for (const id of [...ARTICLE_PANELS, ...SECURITY_PANELS]) {
        const { query, rows } = await ask(id, []);
        expect([id, isEmpty(query, rows)]).toEqual([id, true]);
      }
    });

    describe("with the records of a day", () => {
      beforeAll(() => indexRecords(engine.url, recordsOfADay()));

      test.each([...ARTICLE_PANELS, ...SECURITY_PANELS])("%s has data", async (id) => {
        const { query, rows } = await ask(id, []);
        expect(isEmpty(query, rows)).toBe(false);
        for (const row of rows) expect(row).toHaveLength(query.columns.length);
      });

      test("excluded users are left out word for word, however odd their names", async () => {
        const names = async (excluded: string[]) =>
          (await ask("userName_TagCloud", excluded)).rows.map(([name]) => name).sort();
        expect(await names([])).toEqual(["hanako", ...ODD_NAMES].sort());
        for (const name of ODD_NAMES)
          expect(await names([name])).toEqual(["hanako", ...ODD_NAMES.filter((each) => each !== name)].sort());
        expect(await names(ODD_NAMES)).toEqual(["hanako"]);
      });

      test("root's sign-ins, failures, sign-ins without MFA, denials and changes are counted, and nothing beside them", async () => {
        const { rows } = await ask("securityFigures_Metric", []);
        expect(Object.fromEntries(rows as [string, number][])).toEqual({
          "Denied calls": 2,
          "Failed sign-ins": 1,
          "Root at work": 1,
          // IAM: 2; trail, log group, archive, search domain: 1 each. Neither another's bucket nor what only reads.
          "Sensitive changes": 6,
          "Sign-ins without MFA": 1,
        });
      });

      test("addresses come with the newest first, and services are none", async () => {
        const { rows } = await ask("newNetworks_Table", []);
        expect(rows.map(([address]) => address)).toEqual(["2001:db8::1", "203.0.113.7"]);
      });

      test("regions come with the least used first", async () => {
        const { rows } = await ask("regions_BarChart", []);
        expect([...new Set(rows.map(([region]) => region))]).toEqual(["sa-east-1", "ap-northeast-1"]);
      });
    });

    describe("with a made-up day of an organisation", () => {
      const until = new Date("2026-02-01T00:00:00Z");
      const range = { from: new Date(until.getTime() - 86_400_000), to: until };

      beforeAll(async () => {
        const records = day({ accounts: NAMED_ACCOUNTS, region: "ap-northeast-1", until, records: 2000 });
        await send(engine.url, "DELETE", "/cwl-*");
        await indexRecords(
          engine.url,
          records.map(({ record }) => record),
          ({ recipientAccountId }) => String(recipientAccountId),
        );
      });

      test.each([...ARTICLE_PANELS, ...SECURITY_PANELS])("%s has data, of fields that can be aggregated", (id) =>
        expectData(id, range),
      );
    });

    // Where their folder is named.
    (process.env.CORPORA ? describe : describe.skip)("with real records", () => {
      beforeAll(async () => {
        const records = readCorpora(process.env.CORPORA!);
        await send(engine.url, "DELETE", "/cwl-*");
        for (let at = 0; at < records.length; at += 500) await indexRecords(engine.url, records.slice(at, at + 500));
      });

      test.each([...ARTICLE_PANELS, ...SECURITY_PANELS].filter((id) => id !== ROOT_PANEL))(
        "%s has data, of fields that can be aggregated",
        (id) => expectData(id),
      );

      // In the records at hand nobody does.
      test(`${ROOT_PANEL} has data if, and only if, root itself is at work in them`, async () => {
        const isAtWork = readCorpora(process.env.CORPORA!).some(({ userIdentity, eventType }) => {
          const { type, invokedBy } = (userIdentity ?? {}) as { type?: unknown; invokedBy?: unknown };
          return type === "Root" && invokedBy === undefined && eventType !== "AwsServiceEvent";
        });
        const { query, rows } = await askAll(ROOT_PANEL);
        expect(isEmpty(query, rows)).toBe(!isAtWork);
      });
    });

    /** The panel's query, as its saved object has it, finds something, in fields that the engine can search and aggregate. */
    async function expectData(id: string, range?: TimeRange): Promise<void> {
      const { query, rows } = await askAll(id, range);
      expect(isEmpty(query, rows)).toBe(false);
      const searched = query.queries.flatMap(fieldsOf);
      const known = await capabilities(engine.url, query.index, [...query.fields, ...searched]);
      for (const field of query.fields) expect([field, known(field)]).toEqual([field, "aggregatable"]);
      for (const field of searched) expect([field, known(field)]).not.toEqual([field, "unknown"]);
    }

    async function askAll(id: string, range?: TimeRange): Promise<{ query: PanelQuery; rows: Row[] }> {
      const all = savedObjects({ excludedUsers: [] });
      const query = [DASHBOARD_ID, SECURITY_DASHBOARD_ID]
        .flatMap((dashboard) => panelQueries(all, dashboard, range))
        .find((each) => each.id === id)!;
      return { query, rows: query.read(await search(engine.url, query)) };
    }

    async function ask(id: string, excludedUsers: string[]): Promise<{ query: PanelQuery; rows: Row[] }> {
      const query = queries(excludedUsers).find((each) => each.id === id)!;
      return { query, rows: query.read(await search(engine.url, query)) };
    }
  });
});

/** What the engine says of fields, whatever index they are in. */
async function capabilities(
  engineUrl: string,
  index: string,
  fields: readonly string[],
): Promise<(field: string) => "aggregatable" | "searchable" | "unknown"> {
  type Capabilities = Record<string, Record<string, { searchable: boolean; aggregatable: boolean }>>;
  const names = fields.map(encodeURIComponent).join(",");
  const answer = await send(engineUrl, "GET", `/${index}/_field_caps?fields=${names}`);
  const { fields: found } = answer as { fields: Capabilities };
  return (field) => {
    const types = Object.values(found[field] ?? {});
    if (types.length !== 1 || !types[0]!.searchable) return "unknown";
    return types[0]!.aggregatable ? "aggregatable" : "searchable";
  };
}

function queries(excludedUsers: string[]): PanelQuery[] {
  const objects = savedObjects({ excludedUsers, archiveBuckets: ["archive"] });
  return [DASHBOARD_ID, SECURITY_DASHBOARD_ID].flatMap((id) => panelQueries(objects, id, DAY));
}

function ids(dashboardId: string): string[] {
  return panelQueries(savedObjects({ excludedUsers: [] }), dashboardId).map(({ id }) => id);
}

function search(engineUrl: string, { index, body }: PanelQuery): Promise<SearchAnswer> {
  return send(engineUrl, "POST", `/${index}/_search`, JSON.stringify(body)) as Promise<SearchAnswer>;
}

/** The real records of the corpora: what is synthetic says so in its file's name. */
function readCorpora(folder: string): TrailRecord[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl.gz") && !name.startsWith("synthetic"))
    .flatMap((name) =>
      gunzipSync(readFileSync(join(folder, name)))
        .toString("utf8")
        .split("\n"),
    )
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TrailRecord);
}
