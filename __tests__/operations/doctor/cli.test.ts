import { runScript, type Outcome } from "../../support/command";

const doctor = (args: readonly string[], env: Record<string, string> = {}) =>
  runScript("operations/doctor/index.ts", args, { CLOUDTRAIL_CONFIG: "none/cloudtrail.yaml", ...env });

/** Together: starting a program is what takes the time. */
let outcomes: Outcome[];

beforeAll(async () => {
  outcomes = await Promise.all([doctor(["--ignore", "everything"]), doctor([])]);
}, 30_000);

test("a kind of finding that does not exist ends it with 2", () => {
  expect(outcomes[0]!.code).toBe(2);
  expect(outcomes[0]!.stderr).toMatch(/everything.*Allowed choices are policy-missing/);
});

test("so does a configuration that cannot be read, with the reason and no stack trace", () => {
  expect(outcomes[1]!.code).toBe(2);
  expect(outcomes[1]!.stderr).toMatch(/none\/cloudtrail\.yaml/);
  expect(outcomes[1]!.stderr).not.toMatch(/^\s+at /m);
});
