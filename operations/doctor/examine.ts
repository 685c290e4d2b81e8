import { sourceAccounts, type Config, type SourceAccountEntry } from "../../modules/config";
import type { AwsAccess } from "../aws";
import { accountFindings, type AccountFacts } from "./accounts";
import { capacityFindings, capacityOf, type Capacity } from "./capacity";
import { expectedOf } from "./expected";
import type { Finding, FindingCode } from "./finding";
import { indexFindings, indexRows, type IndexRow, type RetentionAsked } from "./indices";
import { lookAtAccount } from "./look-accounts";
import { DomainLook } from "./look-domain";
import { retentionFindings } from "./retention";
import { savedObjectFindings } from "./saved-objects";
import { mappingFindings, templateFindings } from "./template";

/** Something that could not be looked at, and why. */
export interface NotLookedAt {
  readonly what: string;
  readonly reason: string;
}

/** What came out. With `--json` this is what is printed. */
export interface Report {
  /** ISO 8601, UTC. */
  readonly examined: string;
  readonly findings: readonly Finding[];
  readonly notLookedAt: readonly NotLookedAt[];
  readonly indices: readonly IndexRow[];
  readonly capacity: Capacity | null;
  readonly accounts: readonly AccountFacts[];
}

/** Accounts that are looked at together. */
const AT_ONCE = 8;

/**
 * Looks at everything that the configuration describes, and changes nothing.
 *
 * @param ignored kinds of findings to leave out
 */
export async function examine(
  access: AwsAccess,
  config: Config,
  ignored: readonly FindingCode[] = [],
  now = Date.now(),
): Promise<Report> {
  const notLookedAt: NotLookedAt[] = [];
  const look = async <T>(what: string, at: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await at();
    } catch (error) {
      notLookedAt.push({ what, reason: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  };
  const [domain, accounts] = await Promise.all([
    examineDomain(access, config, look, now),
    inTurns(
      sourceAccounts(config).filter(({ leaving }) => !leaving),
      AT_ONCE,
      ({ account }) => look(`the account ${account.name}`, () => lookAtAccount(access, config, account)),
    ),
  ]);
  const looked = accounts.map(({ value, item }) => ({ entry: item, facts: value && { ...value, ...newest(item) } }));
  function newest({ account }: SourceAccountEntry): Pick<AccountFacts, "newest"> {
    return domain.newest === undefined ? {} : { newest: domain.newest.get(account.accountId) ?? null };
  }
  const findings = [
    ...domain.findings,
    ...looked.flatMap(({ entry, facts }) => (facts ? accountFindings(facts, asked(config, entry), now) : [])),
  ];
  return {
    examined: new Date(now).toISOString(),
    findings: findings.filter(({ code }) => !ignored.includes(code)),
    // In the order of their names: which fails first is chance.
    notLookedAt: notLookedAt.sort((a, b) => (a.what < b.what ? -1 : 1)),
    indices: domain.indices,
    capacity: domain.capacity,
    accounts: looked.flatMap(({ facts }) => facts ?? []),
  };
}

type Look = <T>(what: string, at: () => Promise<T>) => Promise<T | undefined>;

interface DomainReport {
  readonly findings: readonly Finding[];
  readonly indices: readonly IndexRow[];
  readonly capacity: Capacity | null;
  readonly newest: ReadonlyMap<string, number> | undefined;
}

async function examineDomain(access: AwsAccess, config: Config, look: Look, now: number): Promise<DomainReport> {
  const nothing: DomainReport = { findings: [], indices: [], capacity: null, newest: undefined };
  // An Elastic Stack has means of its own, and other lifecycles.
  if (config.search.target === "elastic") return nothing;
  const client = await look("the search domain", async () => {
    const found = await access.domain();
    // Once, so that an operator who is not let in is told so once.
    await found.request("GET", "/");
    return found;
  });
  if (client === undefined) return nothing;
  const domain = new DomainLook(client, config);
  const expected = expectedOf(config);
  const { names, search } = config;
  const retention: RetentionAsked = { policy: names.retentionPolicy, days: search.retentionDays };
  const room = { days: search.retentionDays, nodes: search.instanceCount };
  const [health, disks, indices, policy, template, today, objects, newest] = await Promise.all([
    look("the domain's health", () => domain.health()),
    look("the domain's disks", () => domain.disks()),
    look("the indices", () => domain.indices()),
    look("the retention policy", async () => ({ value: await domain.policy() })),
    look("the index template", async () => ({ value: await domain.template() })),
    look("today's mapping", () => domain.todaysMapping(now)),
    look("Kibana's saved objects", () => domain.savedObjects()),
    look("the newest records", () => domain.newestRecords()),
  ]);
  const facts = health && disks && indices && { health, disks, indices };
  return {
    findings: [
      ...(facts ? capacityFindings(facts, room, now) : []),
      ...(policy ? retentionFindings(policy.value, expected.retention, retention) : []),
      ...(indices ? indexFindings(indices, policy?.value, retention, now) : []),
      ...(template ? templateFindings(template.value, expected.template, names.indexTemplate) : []),
      ...(today ? mappingFindings(today.index, today.mapping, expected.template) : []),
      ...(objects ? savedObjectFindings(objects, expected.savedObjects) : []),
    ],
    indices: indices ? indexRows(indices, policy?.value, retention, now) : [],
    capacity: facts ? capacityOf(facts, room, now) : null,
    newest,
  };
}

function asked({ names }: Config, { isManagement, stack }: SourceAccountEntry) {
  return {
    trail: names.trail,
    bucket: names.archiveBucket,
    logGroup: names.logGroup,
    functionName: isManagement ? names.managementShipper : names.memberShipper,
    stack: `accounts-${stack}`,
  };
}

/** Runs a task for each item, a few at a time, and keeps their order. */
async function inTurns<T, R>(
  items: readonly T[],
  atOnce: number,
  task: (item: T) => Promise<R>,
): Promise<{ readonly item: T; readonly value: R }[]> {
  const results: { item: T; value: R }[] = [];
  const waiting = [...items.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, item] = next;
      results[at] = { item, value: await task(item) };
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}
