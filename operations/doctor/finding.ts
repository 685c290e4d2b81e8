/** What kinds of findings there are; `--ignore` takes these names. */
export const FINDING_CODES = [
  "policy-missing",
  "policy-changed",
  "index-unmanaged",
  "index-former-policy",
  "index-failed",
  "index-overdue",
  "index-late",
  "template-missing",
  "template-changed",
  "mapping-behind",
  "saved-object-missing",
  "saved-object-changed",
  "domain-health",
  "disk-low",
  "disk-too-small",
  "shards",
  "trail-missing",
  "trail-changed",
  "trail-stopped",
  "trail-delivery",
  "trail-doubled",
  "subscription-missing",
  "account-silent",
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

/** Something that is not as it should be. */
export interface Finding {
  readonly code: FindingCode;
  /** What it is about: an index, a saved object, an account, the domain. */
  readonly subject: string;
  /** One sentence, with what is there and what should be. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

export const DAY_MS = 86_400_000;

/** `2026-01-31`, in UTC. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The first of many, and how many more there are. */
export function some(values: readonly string[], most = 5): string {
  const more = values.length - most;
  return values.slice(0, most).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
