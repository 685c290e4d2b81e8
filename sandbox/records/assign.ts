import type { LoggedRecord } from "./record";

/**
 * Shares records out over accounts. A record goes to the account that received it (recipientAccountId) or, where that
 * is none of them, to the one whose identity made the call; all others are dealt out in turn. The same records in the
 * same order always go the same way.
 *
 * @param accountIds the configured accounts, in order
 * @returns every account's records in their order; accounts that get none have an empty list
 */
export function assign<T extends Pick<LoggedRecord, "record">>(
  records: Iterable<T>,
  accountIds: readonly string[],
): Map<string, T[]> {
  const byAccount = new Map<string, T[]>(accountIds.map((accountId) => [accountId, []]));
  if (byAccount.size === 0) throw new RangeError("There is no account to share the records out over");
  const accounts = [...byAccount.keys()];
  let turn = 0;
  for (const each of records) {
    const own = ownersOf(each).find((accountId) => byAccount.has(accountId));
    const account = own ?? accounts[turn++ % accounts.length] ?? "";
    byAccount.get(account)?.push(each);
  }
  return byAccount;
}

function ownersOf({ record }: Pick<LoggedRecord, "record">): string[] {
  const identity = record.userIdentity;
  const caller = typeof identity === "object" && identity !== null && "accountId" in identity ? identity.accountId : "";
  return [record.recipientAccountId, caller].filter((account) => typeof account === "string");
}
