import { DAY_MS, type Finding } from "./finding";

/** What was found of one source account. */
export interface AccountFacts {
  readonly accountId: string;
  readonly name: string;
  /** The product's trail; undefined: it is not there. */
  readonly trail?: TrailFacts;
  /** Subscriptions of the trail's log group; undefined: there is no such log group. */
  readonly subscriptions?: readonly SubscriptionFacts[];
  /** Other trails that log management events of the account, and are logging. Their ARNs. */
  readonly otherTrails: readonly string[];
  /** eventTime of the newest record in the index, in milliseconds; null: none of the last days; undefined: not looked at. */
  readonly newest?: number | null;
}

/** Times in milliseconds since 1970. */
export interface TrailFacts {
  readonly isLogging: boolean;
  readonly started?: number;
  readonly stopped?: number;
  /** The last delivery to the archive bucket. */
  readonly delivered?: number;
  /** S3's code of the last failure to deliver, empty or absent where there was none. */
  readonly deliveryError?: string;
  /** The same of CloudWatch Logs. */
  readonly logsError?: string;
  readonly bucket?: string;
  readonly logGroupArn?: string;
  readonly isMultiRegion: boolean;
  readonly validatesFiles: boolean;
}

export interface SubscriptionFacts {
  readonly destinationArn: string;
  readonly pattern: string;
}

/** What the configuration says of the account. */
export interface AccountAsked {
  readonly trail: string;
  readonly bucket: string;
  readonly logGroup: string;
  readonly functionName: string;
  /** Name of the account's stack, for the remedies. */
  readonly stack: string;
}

/** CloudTrail delivers every few minutes, where there is anything at all. */
const SILENT_AFTER_MS = DAY_MS;

export function accountFindings(facts: AccountFacts, asked: AccountAsked, now: number): Finding[] {
  const subject = facts.name;
  const deploy = `npm run deploy -- ${asked.stack}`;
  const finding = (code: Finding["code"], message: string, remedy: string): Finding => ({
    code,
    subject,
    message: `${facts.name} (${facts.accountId}): ${message}`,
    remedy,
  });
  return [...trail(), ...subscription(), ...silence(), ...doubles()];

  function trail(): Finding[] {
    const { trail: found } = facts;
    if (found === undefined) return [finding("trail-missing", `there is no trail ${asked.trail}.`, deploy)];
    const changed = [
      ...(found.bucket === asked.bucket
        ? []
        : [`it delivers to ${found.bucket ?? "no bucket"}, not to ${asked.bucket}`]),
      ...(logGroupOf(found.logGroupArn) === asked.logGroup
        ? []
        : [`it does not write the log group ${asked.logGroup}`]),
      ...(found.isMultiRegion ? [] : ["it covers one region only"]),
      ...(found.validatesFiles ? [] : ["it writes no digests, by which files could be validated"]),
    ];
    return [
      ...(changed.length === 0
        ? []
        : [finding("trail-changed", `the trail was changed: ${changed.join("; ")}.`, deploy)]),
      ...logging(found),
    ];
  }

  function logging(found: TrailFacts): Finding[] {
    if (!found.isLogging) {
      const since = found.stopped === undefined ? "" : `, since ${minute(found.stopped)}`;
      const remedy = `aws cloudtrail start-logging --name ${asked.trail}, in that account; find out who stopped it (eventName StopLogging)`;
      return [finding("trail-stopped", `the trail ${asked.trail} is stopped${since}: nothing is recorded.`, remedy)];
    }
    const isOld = now - Math.max(found.delivered ?? 0, found.started ?? 0) > SILENT_AFTER_MS;
    return [
      ...failure(
        "the archive bucket",
        found.deliveryError,
        "see the archive bucket's policy (AWSCloudTrailWrite20150319)",
      ),
      ...failure("its log group", found.logsError, `see the role that the trail writes its log group by; ${deploy}`),
      ...(isOld
        ? [
            finding(
              "trail-delivery",
              `the trail has delivered no file since ${minute(found.delivered)}.`,
              "see `aws cloudtrail get-trail-status`",
            ),
          ]
        : []),
    ];
  }

  function failure(where: string, error: string | undefined, remedy: string): Finding[] {
    if (error === undefined || error === "") return [];
    return [finding("trail-delivery", `the trail cannot deliver to ${where}: ${error}.`, remedy)];
  }

  function subscription(): Finding[] {
    const { subscriptions } = facts;
    if (subscriptions === undefined) {
      return [finding("subscription-missing", `there is no log group ${asked.logGroup}.`, deploy)];
    }
    const own = subscriptions.find(({ destinationArn }) => destinationArn.endsWith(`:function:${asked.functionName}`));
    const remedy = `${deploy}; then npm run verify, which says what is missing since`;
    if (own === undefined) {
      const message = `the log group ${asked.logGroup} has no subscription by ${asked.functionName}: no record reaches the index.`;
      return [finding("subscription-missing", message, remedy)];
    }
    if (own.pattern === "") return [];
    const message = `the subscription of ${asked.logGroup} lets through only what matches ${JSON.stringify(own.pattern)}.`;
    return [finding("subscription-missing", message, remedy)];
  }

  function silence(): Finding[] {
    const { newest, trail: found } = facts;
    if (newest === undefined || found === undefined) return [];
    // An account that was added today need not have called anything yet.
    const last = newest ?? found.started;
    if (last === undefined || now - last <= SILENT_AFTER_MS) return [];
    const message =
      newest === null
        ? `no record of the last ${NEWEST_WITHIN_DAYS} days is in the index.`
        : `silent for more than a day: the newest record in the index is of ${minute(newest)}.`;
    return [finding("account-silent", message, "see silent in docs/runbook.md")];
  }

  function doubles(): Finding[] {
    return facts.otherTrails.map((arn) =>
      finding(
        "trail-doubled",
        `the trail ${arn} logs management events as well: AWS charges for every copy but the first.`,
        "delete one of the two if nobody needs it, or leave it out of this report with --ignore trail-doubled",
      ),
    );
  }
}

/** How far back the newest record of an account is looked for. */
export const NEWEST_WITHIN_DAYS = 8;

function logGroupOf(arn: string | undefined): string | undefined {
  return arn?.split(":")[6];
}

/** `2026-01-31 12:34 UTC` */
export function minute(time: number | undefined): string {
  return time === undefined ? "its beginning" : `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
