import fc from "fast-check";
import { stepsOf, UnknownStackError, type Action } from "../../operations/deploy/steps";

const RANKS = [["archive", "domain"], ["search"], ["accounts-1", "accounts-2"]];
const ALL = RANKS.flat();
const api = { gatewayComesFromDomain: false };
const local = { gatewayComesFromDomain: true };

/** The runs by their stacks, in short. */
function stacks(action: Action, patterns: readonly string[], options = api): string[] {
  return stepsOf(action, RANKS, patterns, options).map((step) => step.stacks.join(" "));
}

test.each([
  ["deploy", ["*"]],
  ["destroy", ["*"]],
  ["deploy", [...ALL].reverse()],
] as const)("%s of %j is one run, whose order is cdktf's", (action, patterns) => {
  expect(stepsOf(action, RANKS, patterns, api)).toEqual([{ stacks: ["*"], partial: false, usesGateway: true }]);
});

test("stacks alone are deployed rank by rank, whatever their order was, and cdktf is told that others are left out", () => {
  expect(stepsOf("deploy", RANKS, ["accounts-*", "search", "domain"], api)).toEqual([
    { stacks: ["domain"], partial: true, usesGateway: false },
    { stacks: ["search"], partial: true, usesGateway: true },
    { stacks: ["accounts-1", "accounts-2"], partial: true, usesGateway: false },
  ]);
});

test("stacks alone are destroyed one by one, the last first: cdktf 0.21 would start the first of several without end", () => {
  expect(stacks("destroy", ["accounts-*", "search", "domain"])).toEqual([
    "accounts-2",
    "accounts-1",
    "search",
    "domain",
  ]);
});

test("a local gateway is there for the stack search only, once there is a domain", () => {
  expect(stepsOf("deploy", RANKS, ["*"], local)).toEqual([
    { stacks: ["archive", "domain"], partial: true, usesGateway: false },
    { stacks: ["search"], partial: true, usesGateway: true },
    { stacks: ["accounts-1", "accounts-2"], partial: true, usesGateway: false },
  ]);
  expect(stepsOf("destroy", RANKS, ["*"], local)).toEqual([{ stacks: ["*"], partial: false, usesGateway: true }]);
});

test("names that match nothing are all said, with the stacks there are", () => {
  expect(() => stacks("deploy", ["archive", "acounts-1", "accounts-9"])).toThrow(
    new UnknownStackError(
      "There is no stack acounts-1, accounts-9; there are archive, domain, search, accounts-1, accounts-2.",
    ),
  );
});

test("every stack that was named is in exactly one run, after those that it depends on when it is deployed", () => {
  const named = fc.subarray(ALL, { minLength: 1 });
  fc.assert(
    fc.property(named, fc.constantFrom<Action>("deploy", "destroy"), fc.boolean(), (names, action, isLocal) => {
      const runs = stepsOf(action, RANKS, names, { gatewayComesFromDomain: isLocal });
      const worked = runs.flatMap((run) => (run.stacks[0] === "*" ? ALL : run.stacks));
      expect([...worked].sort()).toEqual([...names].sort());
      if (runs.length < 2) return;
      const ranks = worked.map((stack) => RANKS.findIndex((rank) => rank.includes(stack)));
      expect(ranks).toEqual([...ranks].sort((a, b) => (action === "deploy" ? a - b : b - a)));
    }),
  );
});
