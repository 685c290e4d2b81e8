import { INDEX_PREFIX } from "../../modules/fields";
import { DAY_MS, dayOf, type Finding } from "./finding";
import type { DeployedPolicy } from "./retention";

/** An index of the product's, as the domain describes it. */
export interface IndexFacts {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Of all copies. */
  readonly bytes: number;
  readonly documents: number;
  /** Of all copies. */
  readonly shards: number;
  /** What manages it; undefined: nothing does. */
  readonly policy?: IndexPolicy;
}

/** What Index State Management says of an index. */
export interface IndexPolicy {
  readonly id: string;
  /** The version of the policy that the index has taken over; absent until the first run of the job. */
  readonly seqNo?: number;
  readonly state?: string;
  /** Why it cannot go on, where it cannot. */
  readonly failure?: string;
}

/** A line of the report. */
export interface IndexRow {
  readonly index: string;
  /** The day of its records, `2026-01-31`; null for the index of undated ones. */
  readonly day: string | null;
  readonly created: string;
  /** Since its creation. */
  readonly ageDays: number;
  readonly bytes: number;
  readonly documents: number;
  readonly policy: string | null;
  readonly state: string;
  /** When the policy in force deletes it, from this day on; null: never. */
  readonly goes: string | null;
  /** Whether it was made so late that it stays longer than the others of its time. */
  readonly late: boolean;
}

export interface RetentionAsked {
  /** Name of the policy. */
  readonly policy: string;
  /** Days. */
  readonly days: number;
}

/** A policy that was written so recently may not have reached its indices: the job runs every 30 to 48 minutes, up to 1.2 times. */
const POLICY_REACHES_MS = 3 * 3_600_000;

/** How long an index may be there after it was due. */
const OVERDUE_MS = 2 * DAY_MS;

/** The indices in the order of their days, the one without a day last. */
export function indexRows(
  indices: readonly IndexFacts[],
  policy: DeployedPolicy | undefined,
  asked: RetentionAsked,
  now: number,
): IndexRow[] {
  return [...indices]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((index) => {
      const due = dueTime(index, policy, asked);
      return {
        index: index.name,
        day: dayNamed(index.name) === undefined ? null : dayOf(dayNamed(index.name)!),
        created: dayOf(index.created),
        ageDays: Math.floor((now - index.created) / DAY_MS),
        bytes: index.bytes,
        documents: index.documents,
        policy: index.policy?.id ?? null,
        state: stateOf(index.policy),
        goes: due === undefined ? null : dayOf(due),
        late: isLate(index),
      };
    });
}

export function indexFindings(
  indices: readonly IndexFacts[],
  policy: DeployedPolicy | undefined,
  asked: RetentionAsked,
  now: number,
): Finding[] {
  return indices.flatMap((index) => {
    const due = dueTime(index, policy, asked);
    const findings: Finding[] = [];
    if (index.policy?.id !== asked.policy) findings.push(unmanaged(index, asked));
    else if (index.policy.failure !== undefined) findings.push(failed(index, index.policy.failure));
    else if (hasFormerVersion(index, policy, now)) findings.push(former(index));
    if (due !== undefined && now > due + OVERDUE_MS) findings.push(overdue(index, due));
    if (isLate(index)) findings.push(late(index, due));
    return findings;
  });
}

/** Midnight of the day that an index is named by; undefined for the index of undated records. */
export function dayNamed(name: string): number | undefined {
  const [, year, month, day] = /^(\d{4})\.(\d\d)\.(\d\d)$/.exec(name.slice(INDEX_PREFIX.length)) ?? [];
  return year === undefined ? undefined : Date.UTC(Number(year), Number(month) - 1, Number(day));
}

/** When an index is deleted at the earliest; undefined: never. */
function dueTime({ created, policy: own }: IndexFacts, policy: DeployedPolicy | undefined, asked: RetentionAsked) {
  if (own?.id !== asked.policy || policy?.deletesAfterMs === undefined) return undefined;
  return created + policy.deletesAfterMs;
}

/** A record may come hours after its day; later than the day after comes only what was kept somewhere. */
function isLate({ name, created }: IndexFacts): boolean {
  const day = dayNamed(name);
  return day !== undefined && created >= day + 2 * DAY_MS;
}

function hasFormerVersion({ policy: own }: IndexFacts, policy: DeployedPolicy | undefined, now: number): boolean {
  if (own?.seqNo === undefined || policy === undefined) return false;
  return own.seqNo !== policy.seqNo && now > policy.updated + POLICY_REACHES_MS;
}

function stateOf(policy: IndexPolicy | undefined): string {
  if (policy === undefined) return "unmanaged";
  if (policy.failure !== undefined) return "failed";
  return policy.state ?? "attached";
}

const DEPLOY = "npm run deploy -- search";

function unmanaged({ name, policy: own }: IndexFacts, { policy, days }: RetentionAsked): Finding {
  return {
    code: "index-unmanaged",
    subject: name,
    message:
      own === undefined
        ? `The index ${name} has no policy: it stays for ever, instead of ${days} days.`
        : `The index ${name} has the policy ${own.id}, not ${policy}.`,
    remedy: `attach it: POST _plugins/_ism/add/${name} (_opendistro/_ism on Elasticsearch) with {"policy_id":"${policy}"}; after another policy, POST .../remove/${name} first`,
  };
}

function failed({ name }: IndexFacts, failure: string): Finding {
  return {
    code: "index-failed",
    subject: name,
    message: `The policy of the index ${name} cannot go on: ${failure}.`,
    remedy: `end the cause, then POST _plugins/_ism/retry/${name} (_opendistro/_ism on Elasticsearch)`,
  };
}

function former({ name }: IndexFacts): Finding {
  return {
    code: "index-former-policy",
    subject: name,
    message: `The index ${name} still goes by a former version of its policy.`,
    remedy: `${DEPLOY}, after a change of search.retentionDays; or POST _plugins/_ism/change_policy/${name}`,
  };
}

function overdue({ name }: IndexFacts, due: number): Finding {
  return {
    code: "index-overdue",
    subject: name,
    message: `The index ${name} should have been deleted on ${dayOf(due)} and is still there.`,
    remedy: "see what the policy says of it (explain), and whether the domain is healthy: it runs no policy while red",
  };
}

function late({ name, created }: IndexFacts, due: number | undefined): Finding {
  const goes = due === undefined ? "is not deleted at all" : `is deleted on ${dayOf(due)}`;
  return {
    code: "index-late",
    subject: name,
    message: `The index ${name} was made on ${dayOf(created)}, long after its day: its age counts from then, and it ${goes}.`,
    remedy:
      "nothing, if the day was backfilled and may stay that long; otherwise delete the index (the archive keeps it)",
  };
}
