import { encodeSegment, type Clock, type Domain, type DomainReply } from "./domain";
import { domainError, GatewayError, isObject, parse, readError } from "./errors";
import { readIlm, toIlm, toIsm } from "./ism";
import type { Settings } from "./settings";

type LifecycleSettings = Pick<Settings, "dialect" | "indexPattern" | "retentionPolicy">;

/** The retention policy, spoken of in ILM and kept in ISM. */
export interface Lifecycle {
  /** The reply to GET; undefined where there is no policy. */
  read(deadline: number): Promise<object | undefined>;
  /**
   * Writes the policy and attaches it to the product's indices: those without a policy, and those with one, which keep
   * its former version until they are told. Later indices are attached by the policy's template.
   */
  write(body: string, deadline: number): Promise<void>;
  /** Detaches the indices and deletes the policy; false where there was none. */
  remove(deadline: number): Promise<boolean>;
}

export function lifecycle(
  domain: Domain,
  { dialect, indexPattern, retentionPolicy }: LifecycleSettings,
  { sleep }: Pick<Clock, "sleep">,
): Lifecycle {
  const policyPath = `${dialect.ismPath}/policies/${encodeSegment(retentionPolicy)}`;

  async function fetchPolicy(deadline: number): Promise<StoredPolicy | undefined> {
    const reply = await domain({ method: "GET", path: policyPath, repeatable: true, deadline });
    return isGone(reply) ? undefined : readStored(reply);
  }

  /** One of the plugin's calls on indices. What it could not do with each index is in the reply, whose status is 200. */
  async function onIndices(verb: "add" | "change_policy" | "remove", deadline: number): Promise<FailedIndex[]> {
    const reply = await domain({
      method: "POST",
      path: `${dialect.ismPath}/${verb}/${encodeSegment(indexPattern)}`,
      ...(verb === "remove" ? {} : { ...JSON_BODY, body: JSON.stringify({ policy_id: retentionPolicy }) }),
      repeatable: true,
      deadline,
    });
    // OpenSearch's answer to a pattern that matches nothing.
    if (reply.status === 400 && readError(reply).reason.includes("no documents to get")) return [];
    return readFailures(reply).filter(({ reason }) => !EXPECTED[verb].test(reason));
  }

  return {
    async read(deadline) {
      const stored = await fetchPolicy(deadline);
      return (
        stored && {
          [retentionPolicy]: {
            version: stored.version,
            modified_date: new Date(stored.modified).toISOString(),
            policy: toIlm(stored.policy, indexPattern, dialect),
          },
        }
      );
    },

    async write(body, deadline) {
      const policy = JSON.stringify({ policy: toIsm(readIlm(body), indexPattern, dialect) });
      for (let attempt = 1; ; attempt++) {
        const current = await fetchPolicy(deadline);
        const reply = await domain({
          method: "PUT",
          path: policyPath,
          ...(current ? { query: { if_seq_no: current.seqNo, if_primary_term: current.primaryTerm } } : {}),
          ...JSON_BODY,
          body: policy,
          repeatable: true,
          deadline,
        });
        if (isSuccess(reply)) break;
        // Somebody else wrote in between, or the first try got through although its reply did not.
        if (reply.status !== 409 || attempt === MAX_ATTEMPTS) throw domainError(reply);
        await sleep(CONFLICT_PAUSE_MS * attempt);
      }
      const failed = [...(await onIndices("change_policy", deadline)), ...(await onIndices("add", deadline))];
      if (failed.length > 0) throw notAttached(failed);
    },

    async remove(deadline) {
      if (!(await fetchPolicy(deadline))) return false;
      const failed = await onIndices("remove", deadline);
      if (failed.length > 0) throw notAttached(failed);
      const reply = await domain({ method: "DELETE", path: policyPath, repeatable: true, deadline });
      if (isGone(reply)) return true;
      if (!isSuccess(reply)) throw domainError(reply);
      return true;
    },
  };
}

const JSON_BODY = { headers: { "content-type": "application/json" } } as const;

const MAX_ATTEMPTS = 5;
const CONFLICT_PAUSE_MS = 50;

/** Each call meets indices that the other one is for; neither needs to be told of. */
const EXPECTED = {
  add: /already has a policy/,
  change_policy: /not being managed/,
  remove: /does not have a policy to remove/,
};

interface FailedIndex {
  readonly index: string;
  readonly reason: string;
}

interface StoredPolicy {
  readonly seqNo: string;
  readonly primaryTerm: string;
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly policy: Record<string, unknown>;
}

function readStored(reply: DomainReply): StoredPolicy {
  const parsed = parse(reply.text);
  if (!isSuccess(reply) || !isObject(parsed) || !isObject(parsed.policy)) throw domainError(reply);
  const { _seq_no: seqNo, _primary_term: primaryTerm, _version: version, policy } = parsed;
  if (typeof seqNo !== "number" || typeof primaryTerm !== "number") throw domainError(reply);
  return {
    seqNo: String(seqNo),
    primaryTerm: String(primaryTerm),
    version: typeof version === "number" ? version : 1,
    modified: typeof policy.last_updated_time === "number" ? policy.last_updated_time : 0,
    policy,
  };
}

function readFailures(reply: DomainReply): FailedIndex[] {
  const parsed = parse(reply.text);
  if (!isSuccess(reply) || !isObject(parsed)) throw domainError(reply);
  const failed = Array.isArray(parsed.failed_indices) ? (parsed.failed_indices as unknown[]) : [];
  if (parsed.failures === true && failed.length === 0) throw domainError(reply);
  return failed.map((item) => {
    const { index_name: index, reason } = isObject(item) ? item : {};
    return { index: String(index), reason: String(reason) };
  });
}

/**
 * Whether there is no such policy. A domain that never had one says that an index is missing; Open Distro answers a
 * deletion with the document that it did not find.
 */
function isGone(reply: DomainReply): boolean {
  if (reply.status !== 404) return false;
  const parsed = parse(reply.text);
  if (isObject(parsed) && parsed.result === "not_found") return true;
  const { type, reason } = readError(reply);
  if (type === "index_not_found_exception") return reason.includes("[.opendistro-ism-config]");
  return type === "status_exception" && /policy .*not found/i.test(reason);
}

function isSuccess({ status }: DomainReply): boolean {
  return status >= 200 && status < 300;
}

/** Not tried again by the provider, unlike 503; shown with all that is needed to put it right. */
function notAttached(failed: readonly FailedIndex[]): GatewayError {
  const some = failed.slice(0, 10).map(({ index, reason }) => `${index} (${reason})`);
  const more = failed.length > some.length ? ` and ${failed.length - some.length} more` : "";
  return new GatewayError(
    409,
    "policy_attachment_exception",
    `The domain did not do for every index what the policy asks for: ${some.join(", ")}${more}. Put that right (a closed index can be opened or deleted, one in transition is free after its next run) and apply again`,
  );
}
