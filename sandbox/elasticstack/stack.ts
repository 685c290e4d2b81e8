import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { Synthesized } from "../terraform";
import type { TrustingClient } from "../tls";
import { KINDS, type Attributes, type ResourceKind } from "./resources";
import { ElasticstackError, Session } from "./session";

/**
 * A stand-in for the Terraform provider elastic/elasticstack, for machines that cannot have it: it takes the resources
 * of a synthesized stack and sends what the real one sends (recorded), through the same gateway, and keeps a state.
 */
export interface SearchStackOptions {
  /** The synthesized stack. */
  readonly stackJson: Synthesized;
  readonly gatewayUrl: string;
  /** The password; the user name is the stack's. */
  readonly token: string;
  readonly client: Pick<TrustingClient, "fetch">;
  /** Where the state is kept, between the commands. */
  readonly stateFile: string;
}

export interface PlannedChange {
  readonly address: string;
  readonly action: "create" | "update" | "delete";
}

interface Resource {
  readonly address: string;
  readonly attributes: Attributes;
}

/**
 * Creates, updates and deletes what differs.
 *
 * @returns what was changed
 * @throws ElasticstackError where an answer is not what the provider takes
 */
export async function applySearchStack(options: SearchStackOptions): Promise<PlannedChange[]> {
  const session = sessionOf(options);
  const { changes } = await plan(options, session);
  const wanted = resourcesOf(options.stackJson);
  const state = new Map(readState(options).map((resource) => [resource.address, resource]));
  for (const { address, action } of changes) {
    const kind = kindOf(address);
    const resource = wanted.find((each) => each.address === address);
    const before = state.get(address)?.attributes ?? {};
    if (resource === undefined) await kind.delete(session, before);
    else if (action === "create") await kind.create(session, resource.attributes);
    else await kind.update(session, resource.attributes, before);
    if (resource === undefined) state.delete(address);
    else state.set(address, resource);
    writeState(options, [...state.values()]);
  }
  return changes;
}

/** Reads everything, and says what an apply would change. */
export async function planSearchStack(options: SearchStackOptions): Promise<{ changes: PlannedChange[] }> {
  return plan(options, sessionOf(options));
}

/** Deletes everything that the state holds, in the reverse order. */
export async function destroySearchStack(options: SearchStackOptions): Promise<void> {
  const session = sessionOf(options);
  const resources = readState(options);
  for (const resource of resources) await kindOf(resource.address).refresh(session, resource.attributes);
  for (const resource of [...resources].reverse()) {
    await kindOf(resource.address).delete(session, resource.attributes);
    resources.splice(resources.indexOf(resource), 1);
    writeState(options, resources);
  }
}

async function plan(options: SearchStackOptions, session: Session): Promise<{ changes: PlannedChange[] }> {
  const state = readState(options);
  const wanted = resourcesOf(options.stackJson);
  const changes: PlannedChange[] = [];
  const found = new Map<string, "same" | "changed" | "gone">();
  for (const { address, attributes } of state) {
    found.set(address, await kindOf(address).refresh(session, attributes));
  }
  for (const { address } of [...state].reverse()) {
    const isWanted = wanted.some((resource) => resource.address === address);
    if (!isWanted && found.get(address) !== "gone") changes.push({ address, action: "delete" });
  }
  for (const { address, attributes } of wanted) {
    const before = state.find((resource) => resource.address === address);
    const reading = found.get(address) ?? "gone";
    if (reading === "gone") changes.push({ address, action: "create" });
    else if (reading === "changed" || !isDeepStrictEqual(before?.attributes, attributes)) {
      changes.push({ address, action: "update" });
    }
  }
  return { changes };
}

/** The stack's resources, each after those that it depends on. */
function resourcesOf(stack: Synthesized): Resource[] {
  const all = new Map<string, { attributes: Attributes; needs: readonly string[] }>();
  for (const [type, resources] of Object.entries(stack.resource ?? {})) {
    for (const [name, block] of Object.entries(resources)) {
      const { "//": _, depends_on: needs = [], ...attributes } = block as Attributes & { depends_on?: string[] };
      all.set(`${type}.${name}`, { attributes, needs });
    }
  }
  const order: Resource[] = [];
  const visit = (address: string) => {
    const resource = all.get(address);
    if (!resource || order.some((done) => done.address === address)) return;
    const references = JSON.stringify(resource.attributes).match(/elasticstack_\w+\.[\w-]+(?=\.)/g) ?? [];
    [...resource.needs, ...references].forEach(visit);
    order.push({ address, attributes: evaluate(resource.attributes, stack) as Attributes });
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

function kindOf(address: string): ResourceKind {
  const type = address.split(".")[0]!;
  const kind = KINDS[type];
  if (!kind) throw new ElasticstackError(`the stand-in does not know ${type}`);
  return kind;
}

function sessionOf({ stackJson, gatewayUrl, token, client }: SearchStackOptions): Session {
  const providers = (stackJson.provider as { elasticstack: { elasticsearch?: { username: string }[] }[] }).elasticstack;
  const username = providers[0]?.elasticsearch?.[0]?.username ?? "";
  return new Session({ gatewayUrl, username, token, client });
}

function readState({ stateFile }: SearchStackOptions): Resource[] {
  return existsSync(stateFile) ? (JSON.parse(readFileSync(stateFile, "utf8")) as Resource[]) : [];
}

function writeState({ stateFile }: SearchStackOptions, resources: readonly Resource[]): void {
  writeFileSync(stateFile, JSON.stringify(resources), { mode: 0o600 });
}
