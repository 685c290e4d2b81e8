import type { EngineClient } from "./engine-client";
import {
  duration,
  overlap,
  readPolicy,
  templatesOf,
  type Dialect,
  type Policy,
  type PolicyProblem,
  type Template,
} from "./ism-policy";

/** What the front answers. A string body is sent as it is, the rest as JSON. */
export interface StandInReply {
  readonly status: number;
  readonly body: unknown;
}

type Json = Record<string, unknown>;

interface StoredPolicy {
  readonly policy: Policy;
  readonly version: number;
  readonly seqNo: number;
  readonly updated: number;
}

/** A policy's template for as long as it was in force: an index is attached by those of the moment of its creation. */
interface TemplatePeriod {
  readonly policyId: string;
  readonly template: Template;
  readonly since: number;
  until: number;
}

/** The domain's time, which may be turned forward. */
export interface DomainClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** What the domain's time was at a moment of the machine's. */
  at(machineTime: number): number;
}

interface Managed {
  policyId: string;
  /** A change waits for the next run of the job. */
  nextPolicyId?: string | undefined;
  /** The policy as it was when the index was initialised: later edits do not reach it. */
  policy?: Policy | undefined;
  seqNo?: number | undefined;
  state?: string | undefined;
  readonly uuid: string;
}

interface EngineIndex {
  readonly name: string;
  readonly uuid: string;
  readonly created: number;
}

const CONFIG_INDEX = ".opendistro-ism-config";
/**
 * A stand-in for the Index State Management plugin, which no package registry has: in the two dialects recorded from the
 * real one (Open Distro 1.13 on Elasticsearch 7.10, OpenSearch 2.19). It keeps policies, attaches indices and really
 * deletes those that are due, on a clock that can be turned forward. Of the actions it runs `delete`; the others are
 * taken as done.
 */
export class IsmStandIn {
  private readonly policies = new Map<string, StoredPolicy>();
  private readonly managed = new Map<string, Managed>();
  private readonly known = new Set<string>();
  private seqNo = 0;
  private everHadPolicy = false;
  private readonly templates: TemplatePeriod[] = [];

  constructor(
    private readonly engine: EngineClient,
    private readonly dialect: Dialect,
    private readonly clock: DomainClock,
  ) {}

  /** Whether a path is the plugin's, in this dialect. */
  handles(path: string): boolean {
    return (
      /^\/_opendistro\/_ism(\/|$)/.test(path) || (this.dialect === "opensearch" && /^\/_plugins\/_ism(\/|$)/.test(path))
    );
  }

  async reply(method: string, path: string, query: URLSearchParams, body: Buffer): Promise<StandInReply> {
    const [, , , what = "", name] = path.split("/").map((part) => decodeURIComponent(part));
    if (what === "policies") return this.policiesReply(method, path, name, query, body);
    const indices = name ?? query.get("index") ?? undefined;
    if (what === "explain")
      return method === "GET" ? this.explain(indices, query, path) : wrongMethod(path, method, ["GET"]);
    if (method === "POST" && ["add", "change_policy", "remove", "retry"].includes(what)) {
      return this.indicesReply(what, indices, body);
    }
    return failure(400, "illegal_argument_exception", `no handler found for uri [${path}] and method [${method}]`);
  }

  /** One run of the plugin's job over all managed indices, at the clock's time. */
  async runJob(): Promise<{ readonly deleted: readonly string[] }> {
    const indices = await this.indices("*");
    this.attachNew(indices);
    const deleted: string[] = [];
    for (const index of indices) {
      const managed = this.managed.get(index.name);
      if (!managed) continue;
      if (managed.uuid !== index.uuid) {
        this.managed.delete(index.name);
        continue;
      }
      if (await this.step(index, managed)) deleted.push(index.name);
    }
    for (const name of this.managed.keys()) {
      if (!indices.some((index) => index.name === name) || deleted.includes(name)) this.managed.delete(name);
    }
    return { deleted };
  }

  /** Told of an index that a request may have created: the plugin attaches a policy at creation only. */
  async noticeIndices(): Promise<void> {
    this.attachNew(await this.indices("*"));
  }

  // ------------------------------------------------------------------ policies

  private policiesReply(
    method: string,
    path: string,
    name: string | undefined,
    query: URLSearchParams,
    body: Buffer,
  ): StandInReply {
    const id = name ?? query.get("policyID") ?? undefined;
    if (method === "GET" && id === undefined) return this.list();
    switch (method) {
      case "GET":
        return this.get(id!);
      case "HEAD":
        return { status: this.policies.has(id ?? "") ? 200 : 404, body: "" };
      case "PUT":
        return id === undefined
          ? failure(400, "illegal_argument_exception", "Missing policy ID")
          : this.put(id, query, body);
      case "DELETE":
        return name === undefined ? wrongMethod(path, method, ["PUT", "GET"]) : this.delete(name);
      default:
        return wrongMethod(path, method, ["PUT", "DELETE", "HEAD", "GET"]);
    }
  }

  private list(): StandInReply {
    const policies = [...this.policies].map(([id, stored]) => ({
      _id: id,
      _seq_no: stored.seqNo,
      _primary_term: 1,
      policy: this.shown(id, stored),
    }));
    return { status: 200, body: { policies, total_policies: policies.length } };
  }

  private get(id: string): StandInReply {
    const stored = this.policies.get(id);
    if (!stored) {
      if (!this.everHadPolicy) return noSuchIndex(CONFIG_INDEX, "index_expression");
      return failure(404, "status_exception", "Policy not found");
    }
    return {
      status: 200,
      body: {
        _id: id,
        _version: stored.version,
        _seq_no: stored.seqNo,
        _primary_term: 1,
        policy: this.shown(id, stored),
      },
    };
  }

  private put(id: string, query: URLSearchParams, body: Buffer): StandInReply {
    const policy = readPolicy(body, this.dialect);
    if (isRefused(policy)) return failure(400, policy.problem.type, policy.problem.reason);
    const overlapping = this.overlap(id, policy);
    if (overlapping) return overlapping;
    const stored = this.policies.get(id);
    const conflict = this.conflict(id, stored, query);
    if (conflict) return conflict;
    const next = { policy, version: (stored?.version ?? 0) + 1, seqNo: this.seqNo++, updated: this.clock.now() };
    this.policies.set(id, next);
    this.everHadPolicy = true;
    this.endTemplates(id);
    for (const template of templatesOf(policy.ism_template)) {
      this.templates.push({ policyId: id, template, since: next.updated, until: Infinity });
    }
    return {
      status: stored ? 200 : 201,
      body: {
        _id: id,
        _version: next.version,
        _primary_term: 1,
        _seq_no: next.seqNo,
        policy: { policy: this.shown(id, next, 1) },
      },
    };
  }

  private conflict(id: string, stored: StoredPolicy | undefined, query: URLSearchParams): StandInReply | undefined {
    const seqNo = query.get("if_seq_no");
    const term = query.get("if_primary_term");
    const conflict = (reason: string) =>
      failure(409, "version_conflict_engine_exception", `[${id}]: version conflict, ${reason}`);
    if (seqNo === null || term === null) {
      return stored ? conflict(`document already exists (current version [${stored.version}])`) : undefined;
    }
    if (stored && Number(seqNo) === stored.seqNo && term === "1") return undefined;
    const current = stored
      ? `current document has seqNo [${stored.seqNo}] and primary term [1]`
      : "but no document was found";
    return conflict(`required seqNo [${seqNo}], primary term [${term}]. ${current}`);
  }

  private delete(id: string): StandInReply {
    const stored = this.policies.get(id);
    if (!stored) {
      if (!this.everHadPolicy) return noSuchIndex(CONFIG_INDEX, "index_expression");
      return this.dialect === "opensearch"
        ? failure(404, "status_exception", `Policy ${id} is not found`)
        : { status: 404, body: this.deletion(id, 1, "not_found") };
    }
    this.policies.delete(id);
    this.endTemplates(id);
    return { status: 200, body: this.deletion(id, stored.version + 1, "deleted") };
  }

  private endTemplates(policyId: string): void {
    for (const period of this.templates) {
      if (period.policyId === policyId) period.until = Math.min(period.until, this.clock.now());
    }
  }

  private deletion(id: string, version: number, result: string): Json {
    return {
      _index: CONFIG_INDEX,
      ...(this.dialect === "opendistro" ? { _type: "_doc" } : {}),
      _id: id,
      _version: version,
      result,
      forced_refresh: true,
      _shards: { total: 2, successful: 1, failed: 0 },
      _seq_no: this.seqNo++,
      _primary_term: 1,
    };
  }

  /** The policy as the plugin gives it back, with what it adds by itself. */
  private shown(id: string, { policy, updated }: StoredPolicy, schemaVersion?: number): Json {
    const states = policy.states.map(({ actions = [], transitions = [], ...state }) => ({
      ...state,
      actions: actions.map((action) => (this.dialect === "opensearch" ? withDefaults(action) : action)),
      transitions,
    }));
    return {
      policy_id: id,
      description: policy.description,
      last_updated_time: updated,
      schema_version: schemaVersion ?? (this.dialect === "opensearch" ? 21 : 1),
      error_notification: policy.error_notification ?? null,
      default_state: policy.default_state,
      states,
      ism_template: this.shownTemplate(policy.ism_template, updated),
    };
  }

  private shownTemplate(template: unknown, updated: number): unknown {
    if (template === undefined || template === null) return null;
    const all = templatesOf(template).map((one) => ({
      ...one,
      priority: one.priority ?? 0,
      last_updated_time: updated,
    }));
    return this.dialect === "opensearch" ? all : all[0];
  }

  private overlap(id: string, policy: Policy): StandInReply | undefined {
    for (const template of templatesOf(policy.ism_template)) {
      for (const [otherId, other] of this.policies) {
        if (otherId === id) continue;
        for (const otherTemplate of templatesOf(other.policy.ism_template)) {
          const same = (template.priority ?? 0) === (otherTemplate.priority ?? 0);
          const shared = template.index_patterns.some((pattern) =>
            otherTemplate.index_patterns.some((other) => overlap(pattern, other)),
          );
          if (same && shared) {
            return failure(
              400,
              "index_management_exception",
              `New policy ${id} has an ISM template with index pattern [${template.index_patterns.join(", ")}] matching existing policy templates, please use a different priority than ${template.priority ?? 0}`,
            );
          }
        }
      }
    }
    return undefined;
  }

  // ------------------------------------------------------------------ indices

  private async indicesReply(what: string, pattern: string | undefined, body: Buffer): Promise<StandInReply> {
    if (pattern === undefined) return failure(400, "illegal_argument_exception", "Missing indices");
    const policyId = policyIdOf(body);
    if (policyId === undefined && what === "add")
      return failure(400, "illegal_argument_exception", "Missing policy_id");
    if (policyId === undefined && what === "change_policy") {
      return failure(400, "illegal_argument_exception", "ChangePolicy policy id is null");
    }
    const indices = await this.indices(pattern);
    if (indices.length === 0) return this.nothingMatches(what, pattern);
    if (
      policyId !== undefined &&
      !this.policies.has(policyId) &&
      (what === "change_policy" || this.dialect === "opensearch")
    ) {
      return failure(404, "status_exception", `Could not find policy=${policyId}`);
    }
    const failed = indices.flatMap((index) => {
      const reason = this.apply(what, index, policyId);
      return reason === undefined ? [] : [{ index_name: index.name, index_uuid: index.uuid, reason }];
    });
    return {
      status: 200,
      body: { updated_indices: indices.length - failed.length, failures: failed.length > 0, failed_indices: failed },
    };
  }

  private nothingMatches(what: string, pattern: string): StandInReply {
    if (!pattern.includes("*")) return noSuchIndex(pattern, "index_or_alias");
    const empty = { status: 200, body: { updated_indices: 0, failures: false, failed_indices: [] } };
    const isQuiet = what === "add" || what === "remove" || (what === "change_policy" && this.dialect === "opendistro");
    return isQuiet ? empty : nothingToGet();
  }

  /** @returns why it cannot be done for this index */
  private apply(what: string, index: EngineIndex, policyId: string | undefined): string | undefined {
    const managed = this.managed.get(index.name);
    switch (what) {
      case "add":
        if (managed) return "This index already has a policy, use the update policy API to update index policies";
        this.managed.set(index.name, { policyId: policyId!, uuid: index.uuid });
        return undefined;
      case "change_policy":
        if (!managed) return "This index is not being managed";
        if (managed.policy) managed.nextPolicyId = policyId;
        else managed.policyId = policyId!;
        return undefined;
      case "remove":
        if (!managed) return "This index does not have a policy to remove";
        this.managed.delete(index.name);
        return undefined;
      default:
        return managed?.policy
          ? "This index is not in failed state"
          : this.dialect === "opensearch"
            ? "This index has no metadata information"
            : "There is no IndexMetaData information";
    }
  }

  private async explain(pattern: string | undefined, query: URLSearchParams, path: string): Promise<StandInReply> {
    if (this.dialect === "opendistro" && query.has("show_policy")) {
      return failure(
        400,
        "illegal_argument_exception",
        `request [${path}] contains unrecognized parameter: [show_policy]`,
      );
    }
    // The plugin attaches an index within a second of its creation; here it is done before anybody can see the difference.
    await this.noticeIndices();
    const indices = await this.indices(pattern ?? "*");
    if (pattern !== undefined && indices.length === 0) {
      if (this.dialect === "opensearch") return nothingToGet();
      return pattern.includes("*") ? { status: 200, body: {} } : noSuchIndex(pattern, "index_or_alias");
    }
    const shown = indices.filter(({ name }) => pattern !== undefined || this.managed.has(name));
    const body: Json = Object.fromEntries(
      shown.map((index) => [index.name, this.explained(index, query.has("show_policy"))]),
    );
    if (this.dialect === "opensearch" || pattern === undefined) {
      body.total_managed_indices = shown.filter(({ name }) => this.managed.has(name)).length;
    }
    return { status: 200, body };
  }

  private explained({ name, uuid }: EngineIndex, withPolicy: boolean): Json {
    const managed = this.managed.get(name);
    const setting =
      this.dialect === "opensearch"
        ? { "index.plugins.index_state_management.policy_id": managed?.policyId ?? null }
        : {};
    const old = { "index.opendistro.index_state_management.policy_id": managed?.policyId ?? null };
    const enabled = this.dialect === "opensearch" ? { enabled: managed ? true : null } : {};
    if (!managed) return { ...setting, ...old, ...enabled };
    return {
      ...setting,
      ...old,
      index: name,
      index_uuid: uuid,
      policy_id: managed.policyId,
      ...enabled,
      ...(managed.policy
        ? { policy_seq_no: managed.seqNo, policy_primary_term: 1, state: { name: managed.state } }
        : {}),
      ...(withPolicy && managed.policy ? { policy: managed.policy } : {}),
    };
  }

  // ------------------------------------------------------------------ the job

  private attachNew(indices: readonly EngineIndex[]): void {
    for (const index of indices) {
      const key = `${index.name} ${index.uuid}`;
      if (this.known.has(key)) continue;
      this.known.add(key);
      if (this.managed.has(index.name) && this.managed.get(index.name)!.uuid === index.uuid) continue;
      this.managed.delete(index.name);
      const policyId = this.templateFor(index.name, index.created);
      if (policyId !== undefined) this.managed.set(index.name, { policyId, uuid: index.uuid });
    }
  }

  /** The policy whose template named the index when it was made. */
  private templateFor(name: string, created: number): string | undefined {
    return this.templates
      .filter(({ since, until }) => since <= created && created < until)
      .filter(({ template }) => template.index_patterns.some((pattern) => matches(pattern, name)))
      .sort((a, b) => (b.template.priority ?? 0) - (a.template.priority ?? 0))[0]?.policyId;
  }

  /** Takes an index on as far as its policy goes at this time. @returns whether it was deleted */
  private async step(index: EngineIndex, managed: Managed): Promise<boolean> {
    if (managed.nextPolicyId !== undefined) {
      Object.assign(managed, {
        policyId: managed.nextPolicyId,
        nextPolicyId: undefined,
        policy: undefined,
        state: undefined,
      });
    }
    if (!managed.policy) {
      const stored = this.policies.get(managed.policyId);
      if (!stored) return false;
      Object.assign(managed, { policy: stored.policy, seqNo: stored.seqNo, state: stored.policy.default_state });
    }
    const states = managed.policy!.states;
    for (let moves = 0; moves <= states.length; moves++) {
      const state = states.find(({ name }) => name === managed.state)!;
      if (state.actions?.some((action) => "delete" in action) === true) {
        await this.engine.json("DELETE", `/${encodeURIComponent(index.name)}`);
        return true;
      }
      const next = state.transitions?.find(({ conditions }) => this.due(index, conditions ?? {}));
      if (!next) return false;
      managed.state = next.state_name;
    }
    return false;
  }

  private due({ created }: EngineIndex, conditions: Json): boolean {
    const age = duration(conditions.min_index_age);
    return age === undefined ? Object.keys(conditions).length === 0 : this.clock.now() - created >= age;
  }

  private async indices(pattern: string): Promise<EngineIndex[]> {
    const path = `/${pattern.split(",").map(encodeURIComponent).join(",")}/_settings?flat_settings=true&expand_wildcards=open,closed&ignore_unavailable=true`;
    const { status, body } = await this.engine.json<Record<string, { settings: Record<string, string> }>>("GET", path);
    if (status !== 200) return [];
    return Object.entries(body)
      .filter(([name]) => !name.startsWith("."))
      .map(([name, { settings }]) => ({
        name,
        uuid: settings["index.uuid"]!,
        created: this.clock.at(Number(settings["index.creation_date"])),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** What OpenSearch adds to each action. */
function withDefaults(action: Json): Json {
  const retry = { count: 3, backoff: "exponential", delay: "1m" };
  const rollover = "rollover" in action ? { rollover: { copy_alias: false, ...(action.rollover as Json) } } : {};
  return { retry, ...action, ...rollover };
}

function isRefused(read: ReturnType<typeof readPolicy>): read is { readonly problem: PolicyProblem } {
  return "problem" in read;
}

function matches(pattern: string, name: string): boolean {
  const source = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}$`).test(name);
}

function policyIdOf(body: Buffer): string | undefined {
  if (body.length === 0) return undefined;
  return (JSON.parse(body.toString("utf8")) as { policy_id?: string }).policy_id;
}

function failure(status: number, type: string, reason: string): StandInReply {
  return { status, body: { error: { root_cause: [{ type, reason }], type, reason }, status } };
}

function noSuchIndex(index: string, resourceType: string): StandInReply {
  const error = {
    type: "index_not_found_exception",
    reason: `no such index [${index}]`,
    "resource.type": resourceType,
    "resource.id": index,
    index_uuid: "_na_",
    index,
  };
  return { status: 404, body: { error: { root_cause: [error], ...error }, status: 404 } };
}

function nothingToGet(): StandInReply {
  return failure(400, "action_request_validation_exception", "Validation Failed: 1: no documents to get;");
}

function wrongMethod(path: string, method: string, allowed: readonly string[]): StandInReply {
  return {
    status: 405,
    body: {
      error: `Incorrect HTTP method for uri [${path}] and method [${method}], allowed: [${allowed.join(", ")}]`,
      status: 405,
    },
  };
}
