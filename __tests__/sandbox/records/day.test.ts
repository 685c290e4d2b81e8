import { DASHBOARD_ID, panelQueries, savedObjects, SECURITY_DASHBOARD_ID } from "../../../modules/dashboards";
import { RECORD } from "../../../modules/fields";
import { assign, day, STORY, type CloudTrailRecord } from "../../../sandbox/records";

const ACCOUNTS = [
  { accountId: "111111111111", name: "security" },
  { accountId: "222222222222", name: "production" },
  { accountId: "333333333333", name: "staging" },
];
const UNTIL = new Date("2026-01-31T12:34:56.789Z");
const OPTIONS = { accounts: ACCOUNTS, region: "ap-northeast-1", until: UNTIL };

const logged = day(OPTIONS);
const records = logged.map(({ record }) => record);

test("is about three thousand records, under 250 KB each, by time, within the 24 hours before its end", () => {
  expect(records.length).toBeGreaterThan(2_800);
  expect(records.length).toBeLessThan(3_200);
  const times = records.map(({ eventTime }) => Date.parse(String(eventTime)));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times[0]).toBeGreaterThanOrEqual(UNTIL.getTime() - 24 * 3_600_000 - 999);
  expect(times.at(-1)).toBeLessThanOrEqual(UNTIL.getTime());
  expect(Math.max(...logged.map(({ message }) => message.length))).toBeLessThan(250_000);
});

test("no two records have the same id", () => {
  const ids = records.map(({ eventID }) => eventID);
  expect(new Set(ids).size).toBe(ids.length);
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(ids.filter((id) => !uuid.test(String(id)))).toEqual([]);
});

test("is the same for the same seed, and another for another", () => {
  const small = { ...OPTIONS, records: 300 };
  const text = (options: typeof small & { seed?: number }) => day(options).map(({ message }) => message);
  expect(text(small)).toEqual(text(small));
  expect(text({ ...small, seed: 7 })).not.toEqual(text(small));
});

test("ends now, if nothing else is said", () => {
  const last = day({ ...OPTIONS, until: undefined, records: 200 }).at(-1)!;
  expect(Math.abs(Date.parse(String(last.record.eventTime)) - Date.now())).toBeLessThan(24 * 3_600_000);
});

test("each record has what CloudTrail always writes, and nothing that it never does", () => {
  const names = new Set(
    [
      ...RECORD.map(({ path }) => path),
      "requestParameters",
      "responseElements",
      "additionalEventData",
      "serviceEventDetails",
    ].map((path) => path.split(".")[0]),
  );
  const forms: readonly (readonly [string, RegExp])[] = [
    ["eventVersion", /^1\.11$/],
    ["eventTime", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/],
    ["eventSource", /^[a-z0-9-]+\.amazonaws\.com$/],
    ["eventName", /^[A-Z]\w+$/],
    ["awsRegion", /^[a-z]{2}-[a-z]+-\d$/],
    ["eventType", /^Aws(ApiCall|ServiceEvent|ConsoleSignIn)$/],
    ["recipientAccountId", /^\d{12}$/],
  ];
  const wrong = logged.flatMap(({ record, message }) => [
    ...forms.filter(([name, form]) => !form.test(String(record[name]))).map(([name]) => name),
    ...Object.keys(record).filter((name) => !names.has(name)),
    ...(message === JSON.stringify(record) && typeof record.userIdentity === "object" ? [] : [message]),
  ]);
  expect(wrong).toEqual([]);
});

test("callers are of every kind", () => {
  const types = records.map(({ userIdentity }) => (userIdentity as { type?: string }).type);
  expect([...new Set(types)].map(String).sort()).toEqual([
    "AWSAccount",
    "AWSService",
    "AssumedRole",
    "FederatedUser",
    "IAMUser",
    "IdentityCenterUser",
    "Root",
    "SAMLUser",
    "Unknown",
    "WebIdentityUser",
    "undefined",
  ]);
});

test("calls across accounts are noted in both, under one shared id", () => {
  const foreign = records.find(({ userIdentity }) => (userIdentity as { type?: string }).type === "AWSAccount")!;
  const both = records.filter(({ sharedEventID }) => sharedEventID === foreign.sharedEventID);
  expect(both).toHaveLength(2);
  expect(new Set(both.map(({ recipientAccountId }) => recipientAccountId)).size).toBe(2);
});

test("no secret is in it, and no address that belongs to somebody", () => {
  const text = logged.map(({ message }) => message).join("\n");
  expect(text).not.toMatch(/secretAccessKey|"password":/);
  const keys = [...text.matchAll(/\bA[KS]IA\w{12,}/g)].map(([key]) => key);
  expect(keys.filter((key) => !key.endsWith("EXAMPLE"))).toEqual([]);
  const documentation = /^(192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|10\.0\.|2001:db8:|[a-z0-9-]+\.amazonaws\.com$)/;
  const addresses = [...new Set(records.map(({ sourceIPAddress }) => String(sourceIPAddress)))];
  expect(addresses.filter((address) => !documentation.test(address))).toEqual([]);
});

describe("in each account", () => {
  const objects = savedObjects({ excludedUsers: ["monitoring"] });
  const panels = [DASHBOARD_ID, SECURITY_DASHBOARD_ID].flatMap((id) => panelQueries(objects, id));
  const ofRecord = panels.flatMap(({ id, fields }) => fields.map((field) => [id, field] as const));
  const fields = [...new Set(ofRecord.map(([, field]) => field))].filter((field) => !field.startsWith("@"));
  const byAccount = assign(
    logged,
    ACCOUNTS.map(({ accountId }) => accountId),
  );

  test.each(fields)("some records have %s, which panels ask for", (field) => {
    const path = field.replace(/\.(keyword|ip)$/, "").split(".");
    for (const own of byAccount.values()) {
      const values = new Set(own.map(({ record }) => valueAt(record, path)));
      values.delete(undefined);
      if (field.startsWith("userIdentity.userName")) values.delete("monitoring");
      expect(values.size).toBeGreaterThan(1);
    }
  });

  test("somebody signs in, with and without success, and root does", () => {
    for (const own of byAccount.values()) {
      const signIns = own.filter(({ record }) => record.eventName === "ConsoleLogin").map(({ record }) => record);
      const results = signIns.map(
        ({ responseElements }) => (responseElements as { ConsoleLogin: string }).ConsoleLogin,
      );
      expect(new Set(results)).toEqual(new Set(["Success", "Failure"]));
      expect(signIns.some(({ userIdentity }) => (userIdentity as { type: string }).type === "Root")).toBe(true);
    }
  });
});

describe("the story", () => {
  test("has steps that can be told and asked for", () => {
    expect(STORY.length).toBeGreaterThanOrEqual(6);
    for (const [at, { tells, query }] of STORY.entries()) {
      expect(tells).toMatch(new RegExp(`^${at + 1}\\. `));
      expect(query).toMatch(/^[\w@]/);
    }
  });

  test("happens in the second account, in order: look around, user, sign-in, trail, machines, arrest", () => {
    const at = (name: string, by = "") =>
      records.findIndex((record) => record.eventName === name && JSON.stringify(record.userIdentity).includes(by));
    const order = [
      at("GetAccountAuthorizationDetails", "build-server"),
      at("CreateUser"),
      at("ConsoleLogin", "svc-health"),
      at("StopLogging"),
      at("RunInstances", "svc-health"),
      at("DeleteLoginProfile"),
    ];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(0);
    for (const index of order) expect(records[index]?.recipientAccountId).toBe("222222222222");
  });

  test("is told in an organisation of one account, too", () => {
    const alone = day({ ...OPTIONS, accounts: ACCOUNTS.slice(0, 1) });
    expect(new Set(alone.map(({ record }) => record.recipientAccountId))).toEqual(new Set(["111111111111"]));
    expect(alone.some(({ record }) => record.eventName === "StopLogging")).toBe(true);
  });
});

test("an organisation without accounts has no day", () => {
  expect(() => day({ ...OPTIONS, accounts: [] })).toThrow(RangeError);
});

function valueAt(record: CloudTrailRecord, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], record);
}
