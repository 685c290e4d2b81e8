import { configWithMembers, isBeyondQuota, policies, synthesizedStacks } from "../../support/stacks";

test.each([200, 500])("with %i members every policy is within its quota", (members) => {
  const found = policies(synthesizedStacks(configWithMembers(members)));
  // Two roles in each account, besides what is shared.
  expect(found.length).toBeGreaterThan(4 * members);
  expect(found.filter(isBeyondQuota).map(({ where }) => where)).toEqual([]);
});
