import { App, type AppConfig } from "cdktf";
import { ConfigError, sourceAccounts, type Config, type SourceAccountEntry } from "../config";
import { AccountsStack, accountsStackName } from "./accounts";
import { ArchiveStack } from "./archive";
import { DomainStack } from "./domain";
import { elasticTarget } from "./props";
import { policyProblems } from "./quotas";
import { SearchStack } from "./search";

export { AWS_PROVIDER_VERSIONS } from "./base";
export { managementDeployStatements, memberDeployStatements } from "./deploy-policies";

/** The stacks of one configuration. */
export interface Stacks {
  readonly archive: ArchiveStack;
  /** Absent where the target is an Elastic Stack. */
  readonly domain: DomainStack | undefined;
  readonly search: SearchStack;
  /** By their numbers, in their order. */
  readonly accounts: ReadonlyMap<number, AccountsStack>;
}

/**
 * Builds every stack of a configuration.
 *
 * @param file what messages call the configuration
 * @throws ConfigError where a policy would pass an AWS quota
 */
export function buildStacks(app: App, config: Config, file = "cloudtrail.yaml"): Stacks {
  const problems = policyProblems(config);
  if (problems.length > 0) throw new ConfigError(file, problems);
  const archive = new ArchiveStack(app, config);
  const domain = elasticTarget(config) === undefined ? new DomainStack(app, config) : undefined;
  const search = new SearchStack(app, config, domain);
  const accounts = new Map(
    byStack(sourceAccounts(config)).map(([number, entries]) => [
      number,
      new AccountsStack(app, config, number, entries, { archive, domain, search }),
    ]),
  );
  return { archive, domain, search, accounts };
}

/** The names of a configuration's stacks, in groups: each group depends on stacks of earlier groups only. */
export function stackRanks(config: Config): string[][] {
  return [
    ["archive", ...(elasticTarget(config) === undefined ? ["domain"] : [])],
    ["search"],
    byStack(sourceAccounts(config)).map(([number]) => accountsStackName(number)),
  ];
}

/**
 * Builds every stack and writes them, as `cdktf synth` does.
 *
 * @param options where to, for example; by default what cdktf's command line says
 * @throws ConfigError where a policy would pass an AWS quota
 */
export function synthesize(config: Config, options: AppConfig & { readonly file?: string } = {}): void {
  const { file, ...appConfig } = options;
  const app = new App(appConfig);
  buildStacks(app, config, file);
  app.synth();
}

function byStack(entries: readonly SourceAccountEntry[]): [number, SourceAccountEntry[]][] {
  const stacks = new Map<number, SourceAccountEntry[]>();
  for (const entry of entries) stacks.set(entry.stack, [...(stacks.get(entry.stack) ?? []), entry]);
  return [...stacks].sort(([a], [b]) => a - b);
}
