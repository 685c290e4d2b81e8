import fc from "fast-check";
import { assign } from "../../../sandbox/records/assign";

const A = "111111111111";
const B = "222222222222";
const C = "333333333333";

test("a record goes to the account that received it", () => {
  const record = { recipientAccountId: B, userIdentity: { accountId: A } };
  expect(assign([{ record }], [A, B]).get(B)).toEqual([{ record }]);
});

test("a record of an account that is not configured goes to the caller's, if that is", () => {
  const record = { recipientAccountId: "999999999999", userIdentity: { accountId: A } };
  expect(assign([{ record }], [B, A]).get(A)).toEqual([{ record }]);
});

test("all others are dealt out evenly", () => {
  const records = Array.from({ length: 10 }, (_, index) => ({ record: { recipientAccountId: "700***", index } }));
  expect([...assign(records, [A, B, C]).values()].map((each) => each.length)).toEqual([4, 3, 3]);
});

test("no account is an error", () => {
  expect(() => assign([], [])).toThrow(RangeError);
});

test("every record goes to one account, in its order, and always to the same", () => {
  const record = fc.record(
    {
      recipientAccountId: fc.constantFrom(A, B, "999999999999", 5, null),
      userIdentity: fc.oneof(fc.constantFrom(null, "x", {}), fc.record({ accountId: fc.constantFrom(A, C, null) })),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(record), fc.subarray([A, B, C], { minLength: 1 }), (records, accounts) => {
      const items = records.map((each, index) => ({ record: each, index }));
      const shared = assign(items, accounts);
      expect([...shared.keys()]).toEqual(accounts);
      expect(
        [...shared.values()]
          .flat()
          .map(({ index }) => index)
          .sort((a, b) => a - b),
      ).toEqual(items.map(({ index }) => index));
      for (const each of shared.values()) expect(each).toEqual([...each].sort((a, b) => a.index - b.index));
      expect(assign(items, accounts)).toEqual(shared);
      const foreign = [...shared].map(
        ([account, each]) =>
          each.filter(
            (item) =>
              item.record.recipientAccountId !== account &&
              (item.record.userIdentity as { accountId?: unknown } | null | undefined)?.accountId !== account,
          ).length,
      );
      expect(Math.max(...foreign) - Math.min(...foreign)).toBeLessThanOrEqual(1);
    }),
  );
});
