import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { Synthesized } from "../terraform";
import type { TrustingClient } from "../tls";
import { KINDS, type Attributes, type Reading, type ResourceKind } from "./resources";
import { ElasticstackError, Session } from "./session";

/**
 * A stand-in for the Terraform provider elastic/elasticstack, for machines that cannot have it: it takes the resources
 * of a synthesized stack and sends what the real one sends (recorded), through the same gateway, and keeps a state.
 */
export interface SearchStackOptions {
  /** The synthesized stack. */
  readonly stackJson: Synthesized;
  readonly gatewayUrl: string;
  /** The password, whose user name is the stack's; where the stack is an Elastic Stack's, the API key. */
  readonly token: string;
  readonly client: Pick<TrustingClient, "fetch">;
  /** Where the state is kept, between the commands. */
  readonly stateFile: string;
}

export interface PlannedChange {
  readonly address: string;
  /** `replace`: deleted and created, because its name has changed. */
  readonly action: "create" | "update" | "replace" | "delete";
}

interface Resource {
  readonly address: string;
  readonly attributes: Attributes;
  /** Addresses of the resources that it depends on. */
  readonly needs: readonly string[];
}

/**
 * Creates, updates and deletes what differs. What does not depend on a resource that failed is done all the same, as
 * Terraform does it.
 *
 * @returns what was changed
 * @throws ElasticstackError with every failure
 */
export async function applySearchStack(options: SearchStackOptions): Promise<PlannedChange[]> {
  const session = sessionOf(options);
  const { changes, gone } = await plan(options, session);
  const wanted = new Map(resourcesOf(options.stackJson).map((resource) => [resource.address, resource]));
  const left = readState(options).filter(({ address }) => !gone.has(address));
  const state = new Map(left.map((resource) => [resource.address, resource]));
  const failures = new Failures();
  const done: PlannedChange[] = [];
  for (const change of changes) {
    const { address, action } = change;
    const resource = wanted.get(address);
    const before = state.get(address)?.attributes ?? {};
    await failures.collect(address, resource?.needs ?? [], async () => {
      const kind = kindOf(address);
      if (action === "delete" || action === "replace") {
        await kind.delete(session, before);
        state.delete(address);
      }
      if (resource && (action === "create" || action === "replace")) await kind.create(session, resource.attributes);
      if (resource && action === "update") await kind.update(session, resource.attributes, before);
      if (resource) state.set(address, resource);
      done.push(change);
    });
    writeState(options, [...state.values()]);
  }
  failures.throw();
  return done;
}

/** Reads everything, and says what an apply would change. */
export async function planSearchStack(options: SearchStackOptions): Promise<{ changes: PlannedChange[] }> {
  const { changes } = await plan(options, sessionOf(options));
  return { changes };
}

/** Deletes everything that the state holds and that is still there, in the reverse order. */
export async function destroySearchStack(options: SearchStackOptions): Promise<void> {
  const session = sessionOf(options);
  const found = await refresh(options, session);
  const there = readState(options).filter(({ address }) => found.get(address) !== "gone");
  writeState(options, there);
  for (let last = there.at(-1); last; last = there.at(-1)) {
    await kindOf(last.address).delete(session, last.attributes);
    there.pop();
    writeState(options, there);
  }
}

interface Plan {
  readonly changes: PlannedChange[];
  /** Addresses of what is in the state, and not on the server. */
  readonly gone: ReadonlySet<string>;
}

async function plan(options: SearchStackOptions, session: Session): Promise<Plan> {
  const state = readState(options);
  const wanted = resourcesOf(options.stackJson);
  const changes: PlannedChange[] = [];
  const found = await refresh(options, session);
  for (const { address } of [...state].reverse()) {
    const isWanted = wanted.some((resource) => resource.address === address);
    if (!isWanted && found.get(address) !== "gone") changes.push({ address, action: "delete" });
  }
  for (const { address, attributes } of wanted) {
    const before = state.find((resource) => resource.address === address);
    const reading = found.get(address) ?? "gone";
    if (reading === "gone") changes.push({ address, action: "create" });
    else if (before?.attributes.name !== attributes.name) changes.push({ address, action: "replace" });
    else if (reading === "changed" || !isDeepStrictEqual(before?.attributes, attributes)) {
      changes.push({ address, action: "update" });
    }
  }
  const gone = [...found].filter(([, reading]) => reading === "gone").map(([address]) => address);
  return { changes, gone: new Set(gone) };
}

/** How what is in the state is on the server. */
async function refresh(options: SearchStackOptions, session: Session): Promise<Map<string, Reading>> {
  const found = new Map<string, Reading>();
  const failures = new Failures();
  for (const { address, attributes, needs } of readState(options)) {
    await failures.collect(address, needs, async () => {
      found.set(address, await kindOf(address).refresh(session, attributes));
    });
  }
  failures.throw();
  return found;
}

/** What went wrong, by resource; whatever depends on one of these is left out. */
class Failures {
  private readonly failed = new Set<string>();
  private readonly messages: string[] = [];

  async collect(address: string, needs: readonly string[], work: () => Promise<void>): Promise<void> {
    if (needs.some((need) => this.failed.has(need))) {
      this.failed.add(address);
      return;
    }
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ElasticstackError)) throw error;
      this.failed.add(address);
      this.messages.push(`${address}: ${error.message}`);
    }
  }

  throw(): void {
    if (this.messages.length > 0) throw new ElasticstackError(this.messages.join("\n"));
  }
}

/** The stack's resources, each after those that it depends on. */
function resourcesOf(stack: Synthesized): Resource[] {
  const all = new Map<string, { attributes: Attributes; needs: readonly string[] }>();
  for (const [type, resources] of Object.entries(stack.resource ?? {})) {
    for (const [name, block] of Object.entries(resources)) {
      const { depends_on: given = [], ...members } = block as Attributes & { depends_on?: string[] };
      const attributes = Object.fromEntries(Object.entries(members).filter(([name]) => name !== "//"));
      const address = `${type}.${name}`;
      refuseUnknown(address, attributes);
      const references = JSON.stringify(attributes).match(/(?<=[^$]\$\{)elasticstack_\w+\.[\w-]+(?=\.)/g) ?? [];
      all.set(address, { attributes, needs: [...new Set([...given, ...references])] });
    }
  }
  const order: Resource[] = [];
  const visit = (address: string) => {
    const resource = all.get(address);
    if (!resource || order.some((done) => done.address === address)) return;
    resource.needs.forEach(visit);
    order.push({ address, attributes: evaluate(resource.attributes, stack) as Attributes, needs: resource.needs });
  };
  [...all.keys()].forEach(visit);
  return order;
}

/** Replaces references to other resources by their values, and Terraform's escapes by what they mean. */
function evaluate(value: unknown, stack: Synthesized): unknown {
  if (Array.isArray(value)) return value.map((item) => evaluate(item, stack));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, evaluate(inner, stack)]));
  }
  if (typeof value !== "string") return value;
  return value.replace(/([$%])\1\{|\$\{([^}]*)\}/g, (whole, sign: string | undefined, expression: string) => {
    if (sign !== undefined) return `${sign}{`;
    const [type = "", name = "", attribute = ""] = expression.split(".");
    const found = (stack.resource?.[type]?.[name] as Attributes | undefined)?.[attribute];
    if (typeof found !== "string") throw new ElasticstackError(`the stand-in cannot evaluate ${whole}`);
    return found;
  });
}

/** What would be left out of a request in silence must not look as if it had been sent. */
function refuseUnknown(address: string, attributes: Attributes): void {
  const unknown = Object.keys(attributes).filter((name) => !kindOf(address).attributes.includes(name));
  if (unknown.length > 0) throw new ElasticstackError(`${address}: the stand-in does not know ${unknown.join(", ")}`);
}

function kindOf(address: string): ResourceKind {
  const type = address.split(".")[0]!;
  const kind = KINDS[type];
  if (!kind) throw new ElasticstackError(`the stand-in does not know ${type}`);
  return kind;
}

interface ProviderSide {
  readonly endpoints?: readonly string[];
  readonly username?: string;
  readonly api_key?: string;
}

/** Addresses and users are the stack's; the gateway's address is another stack's output, and no secret is in any. */
function sessionOf({ stackJson, gatewayUrl, token, client }: SearchStackOptions): Session {
  const [provider] = (
    stackJson.provider as { elasticstack: { elasticsearch?: ProviderSide[]; kibana?: ProviderSide[] }[] }
  ).elasticstack;
  const elasticsearch = provider?.elasticsearch?.[0] ?? {};
  const kibana = provider?.kibana?.[0] ?? {};
  if (elasticsearch.api_key !== undefined) {
    // An Elastic Stack itself. The provider spells the scheme in two ways.
    return new Session(
      { url: elasticsearch.endpoints?.[0] ?? "", authorization: `APIKey ${token}` },
      { url: kibana.endpoints?.[0] ?? "", authorization: `ApiKey ${token}` },
      client,
    );
  }
  const authorization = `Basic ${Buffer.from(`${elasticsearch.username ?? ""}:${token}`).toString("base64")}`;
  return new Session(
    { url: `${gatewayUrl}/es`, authorization },
    { url: `${gatewayUrl}/kibana`, authorization },
    client,
  );
}

function readState({ stateFile }: SearchStackOptions): Resource[] {
  return existsSync(stateFile) ? (JSON.parse(readFileSync(stateFile, "utf8")) as Resource[]) : [];
}

function writeState({ stateFile }: SearchStackOptions, resources: readonly Resource[]): void {
  writeFileSync(stateFile, JSON.stringify(resources), { mode: 0o600 });
}
