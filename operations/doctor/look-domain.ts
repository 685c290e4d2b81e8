import { dialectOf } from "../../lambda/gateway/dialect";
import type { Config } from "../../modules/config";
import type { SavedObject } from "../../modules/dashboards";
import { INDEX_PATTERN, INDEX_PREFIX } from "../../modules/fields";
import { DomainError, type DomainClient } from "../domain-client";
import { NEWEST_WITHIN_DAYS } from "./accounts";
import type { Health, NodeDisk } from "./capacity";
import type { TemplateBody } from "./expected";
import { dayOf } from "./finding";
import type { IndexFacts, IndexPolicy } from "./indices";
import { readPolicy, type DeployedPolicy, type PolicyAnswer } from "./retention";

/** What can be looked at in a domain, each by itself: one that fails does not keep the others from being seen. */
export class DomainLook {
  constructor(
    private readonly client: DomainClient,
    private readonly config: Config,
  ) {}

  health(): Promise<Health> {
    return this.client.request("GET", "/_cluster/health");
  }

  async disks(): Promise<NodeDisk[]> {
    const rows = await this.client.request<Readonly<Record<string, string | null>>[]>(
      "GET",
      "/_cat/allocation?format=json&bytes=b",
    );
    return rows
      .filter((row) => row["disk.total"] !== null && row["disk.total"] !== undefined)
      .map((row) => ({
        node: row.node ?? "",
        total: Number(row["disk.total"]),
        available: Number(row["disk.avail"]),
      }));
  }

  async indices(): Promise<IndexFacts[]> {
    const columns = "index,docs.count,store.size,creation.date,pri,rep";
    const rows = await this.client.request<Readonly<Record<string, string | null>>[]>(
      "GET",
      `/_cat/indices/${INDEX_PATTERN}?format=json&bytes=b&h=${columns}`,
    );
    const policies = await this.managed();
    return rows.map((row) => {
      const name = row.index ?? "";
      return {
        name,
        created: Number(row["creation.date"]),
        bytes: Number(row["store.size"] ?? 0),
        documents: Number(row["docs.count"] ?? 0),
        shards: Number(row.pri ?? 0) * (1 + Number(row.rep ?? 0)),
        policy: policies.get(name),
      };
    });
  }

  /** The retention policy; undefined: there is none. */
  async policy(): Promise<DeployedPolicy | undefined> {
    const path = `${this.dialect().ismPath}/policies/${this.config.names.retentionPolicy}`;
    const answer = await missingIsNone(this.client.request<PolicyAnswer>("GET", path));
    return answer && readPolicy(answer);
  }

  /** The index template; undefined: there is none. */
  async template(): Promise<TemplateBody | undefined> {
    const path = `/_index_template/${this.config.names.indexTemplate}`;
    const answer = await missingIsNone(
      this.client.request<{ index_templates: { index_template: TemplateBody }[] }>("GET", path),
    );
    return answer?.index_templates[0]?.index_template;
  }

  /** Name and mapping of the index that is being written; undefined: nothing was written today. */
  async todaysMapping(now: number): Promise<{ readonly index: string; readonly mapping: object } | undefined> {
    const index = `${INDEX_PREFIX}${dayOf(now).replaceAll("-", ".")}`;
    const answer = await missingIsNone(
      this.client.request<Readonly<Record<string, { mappings: object }>>>("GET", `/${index}/_mapping`),
    );
    const mapping = answer?.[index]?.mappings;
    return mapping && { index, mapping };
  }

  /** Kibana's saved objects of the product's kinds. */
  async savedObjects(): Promise<readonly SavedObject[]> {
    const types = ["index-pattern", "search", "visualization", "dashboard"].map((type) => `type=${type}`).join("&");
    const path = `${this.dialect().kibanaPath}/api/saved_objects/_find?${types}&per_page=10000`;
    return (await this.client.request<{ saved_objects: SavedObject[] }>("GET", path)).saved_objects;
  }

  /** eventTime of the newest record of each account in the last days, by account id. */
  async newestRecords(): Promise<ReadonlyMap<string, number>> {
    interface Answer {
      readonly aggregations?: {
        readonly accounts: { readonly buckets: readonly { key: string; newest: { value: number | null } }[] };
      };
    }
    const { aggregations } = await this.client.search<Answer>({
      size: 0,
      query: { range: { eventTime: { gte: `now-${NEWEST_WITHIN_DAYS}d` } } },
      aggs: {
        accounts: {
          terms: { field: "@owner.keyword", size: 10_000 },
          aggs: { newest: { max: { field: "eventTime" } } },
        },
      },
    });
    return new Map(
      (aggregations?.accounts.buckets ?? []).flatMap(({ key, newest }) =>
        newest.value === null ? [] : [[key, newest.value] as const],
      ),
    );
  }

  private async managed(): Promise<ReadonlyMap<string, IndexPolicy>> {
    const answer = await this.client
      .request<Readonly<Record<string, unknown>>>("GET", `${this.dialect().ismPath}/explain/${INDEX_PATTERN}`)
      .catch((error: unknown) => {
        // OpenSearch's answer where no index matches.
        if (error instanceof DomainError && error.status === 400 && error.message.includes("no documents to get")) {
          return {};
        }
        throw error;
      });
    return new Map(
      Object.entries(answer).flatMap(([name, entry]) => {
        const policy = typeof entry === "object" && entry !== null ? readManaged(entry) : undefined;
        return policy === undefined ? [] : [[name, policy] as const];
      }),
    );
  }

  private dialect() {
    return dialectOf(this.config.search.engineVersion)!;
  }
}

interface ManagedAnswer {
  readonly policy_id?: string | null;
  readonly policy_seq_no?: number;
  readonly enabled?: boolean | null;
  readonly state?: { readonly name: string };
  readonly transition_to?: string;
  readonly action?: { readonly failed?: boolean };
  readonly retry_info?: { readonly failed?: boolean };
  readonly info?: { readonly message?: string };
}

/** An index in the answer of explain, in either dialect; undefined: nothing manages it. */
export function readManaged(entry: object): IndexPolicy | undefined {
  const managed = entry as ManagedAnswer;
  const { policy_id: id, enabled, action, retry_info: retry, info, state, transition_to: next } = managed;
  if (id === undefined || id === null || enabled === false) return undefined;
  const failed = action?.failed === true || retry?.failed === true;
  return {
    id,
    seqNo: managed.policy_seq_no,
    state: state?.name ?? next,
    failure: failed ? (info?.message ?? "it does not say why") : undefined,
  };
}

async function missingIsNone<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof DomainError && error.status === 404) return undefined;
    throw error;
  }
}
