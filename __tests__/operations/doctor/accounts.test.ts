import { accountFindings, type AccountFacts } from "../../../operations/doctor/accounts";
import { selectsManagementEvents } from "../../../operations/doctor/look-accounts";
import { ACCOUNT_ASKED, accountFacts, DAY_MS, HOUR_MS, NOW } from "./facts";

const found = (facts: AccountFacts) => accountFindings(facts, ACCOUNT_ASKED, NOW);
const codes = (facts: AccountFacts) => found(facts).map(({ code }) => code);

test("an account in which all is well has no findings", () => {
  expect(found(accountFacts())).toEqual([]);
});

describe("its trail", () => {
  test("that is not there is one finding, not several", () => {
    expect(codes(accountFacts({ trail: undefined, newest: null }))).toEqual(["trail-missing"]);
  });

  test("that is stopped is named with the time, and nothing else of it is complained about", () => {
    const facts = accountFacts({}, { isLogging: false, stopped: NOW - HOUR_MS, deliveryError: "NoSuchBucket" });
    expect(found(facts)).toMatchObject([
      { code: "trail-stopped", message: expect.stringContaining("2026-05-20 11:00 UTC") as string },
    ]);
  });

  test.each([
    ["another bucket", { bucket: "elsewhere" }, /delivers to elsewhere, not to archive/],
    ["no log group", { logGroupArn: undefined }, /does not write the log group/],
    ["another log group", { logGroupArn: "arn:aws:logs:x:1:log-group:other:*" }, /does not write the log group/],
    ["one region", { isMultiRegion: false }, /one region only/],
    ["no digests", { validatesFiles: false }, /no digests/],
  ])("that was changed by hand (%s) is named", (_, trail, message) => {
    const findings = found(accountFacts({}, trail));
    expect(findings).toHaveLength(1);
    expect(findings[0]!.code).toBe("trail-changed");
    expect(findings[0]!.message).toMatch(message);
  });

  test.each([
    ["S3 refuses", { deliveryError: "AccessDenied" }, /the archive bucket: AccessDenied/],
    ["CloudWatch Logs refuses", { logsError: "Access denied." }, /its log group: Access denied/],
    ["for a day nothing came", { delivered: NOW - DAY_MS - 1 }, /delivered no file since 2026-05-19 11:59/],
  ])("that does not deliver because %s is named", (_, trail, message) => {
    const findings = found(accountFacts({}, trail));
    expect(findings.map(({ code }) => code)).toEqual(["trail-delivery"]);
    expect(findings[0]!.message).toMatch(message);
  });

  test("has a day for its first delivery", () => {
    expect(codes(accountFacts({}, { started: NOW - HOUR_MS, delivered: undefined }))).toEqual([]);
  });
});

describe("its subscription", () => {
  test.each([
    ["no log group", undefined],
    ["none", []],
    ["somebody else's", [{ destinationArn: "arn:aws:lambda:x:1:function:other-shipper-2", pattern: "" }]],
    ["one that filters", [{ destinationArn: "arn:aws:lambda:x:1:function:shipper", pattern: "{ $.errorCode = * }" }]],
  ])("is named where there is %s", (_, subscriptions) => {
    expect(codes(accountFacts({ subscriptions }))).toEqual(["subscription-missing"]);
  });

  test("may have others beside it", () => {
    const { subscriptions = [] } = accountFacts();
    const other = { destinationArn: "arn:aws:lambda:x:1:function:another", pattern: "x" };
    expect(codes(accountFacts({ subscriptions: [other, ...subscriptions] }))).toEqual([]);
  });
});

describe("its newest record", () => {
  test.each([
    ["is of the last day", { newest: NOW - DAY_MS }, []],
    ["is older than a day", { newest: NOW - DAY_MS - 1 }, ["account-silent"]],
    ["is not in the index", { newest: null }, ["account-silent"]],
    ["could not be looked at", { newest: undefined }, []],
  ])("%s", (_, changes, expected) => {
    expect(codes(accountFacts(changes))).toEqual(expected);
  });

  test("need not be there on the account's first day", () => {
    expect(codes(accountFacts({ newest: null }, { started: NOW - HOUR_MS }))).toEqual([]);
  });
});

test("each other trail that logs management events is named by its ARN", () => {
  const otherTrails = ["arn:aws:cloudtrail:us-east-1:222222222222:trail/old", "arn:aws:cloudtrail:x:1:trail/org"];
  const findings = found(accountFacts({ otherTrails }));
  expect(findings.map(({ code }) => code)).toEqual(["trail-doubled", "trail-doubled"]);
  otherTrails.forEach((arn, at) => expect(findings[at]!.message).toContain(arn));
});

test.each([
  ["that were never set", {}, true],
  ["with management events", { EventSelectors: [{ IncludeManagementEvents: true }] }, true],
  ["that do not say", { EventSelectors: [{ ReadWriteType: "All" as const }] }, true],
  ["of data events only", { EventSelectors: [{ IncludeManagementEvents: false }] }, false],
  ["advanced, of data events only", { AdvancedEventSelectors: [category("Data")] }, false],
  ["advanced, with management events", { AdvancedEventSelectors: [category("Data"), category("Management")] }, true],
])("event selectors %s: management events %#", (_, selectors, expected) => {
  expect(selectsManagementEvents(selectors)).toBe(expected);
});

function category(name: string) {
  return { FieldSelectors: [{ Field: "eventCategory", Equals: [name] }] };
}
