import type { Account, Config } from "./schema";

/** An account with a trail, as the stacks need it. */
export interface SourceAccountEntry {
  readonly account: Account;
  readonly isManagement: boolean;
  /** The number of its accounts-<n> stack. The management account is in the first. */
  readonly stack: number;
  /** Its resources go, its place in every policy stays until the entry goes. */
  readonly leaving: boolean;
}

/** Every account with a trail: the management account first, then the members as listed, leaving ones among them. */
export function sourceAccounts({ management, members }: Config): SourceAccountEntry[] {
  return [
    { account: management, isManagement: true, stack: 1, leaving: false },
    ...members.map((member) => ({
      account: member,
      isManagement: false,
      stack: member.stack,
      leaving: member.state === "leaving",
    })),
  ];
}
