import { readFileSync } from "node:fs";
import { join } from "node:path";
import "cdktf/lib/testing/adapters/jest";
import { Testing, type TerraformStack } from "cdktf";
import { parseConfig, type Config } from "../../modules/config";
import { buildStacks } from "../../modules/stacks";

Testing.setupJest();

const EXAMPLE = readFileSync(join(__dirname, "..", "..", "cloudtrail.example.yaml"), "utf8");

/** What a stack is for Terraform: blocks, then types, then names. */
export interface Synthesized {
  readonly provider: Readonly<Record<string, Readonly<Record<string, unknown>>[]>>;
  readonly resource?: Readonly<Record<string, Readonly<Record<string, Resource>>>>;
  readonly data?: Readonly<Record<string, Readonly<Record<string, Resource>>>>;
  readonly output?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly variable?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly terraform: {
    readonly backend?: Readonly<Record<string, unknown>>;
    readonly cloud?: unknown;
    readonly required_providers: Readonly<Record<string, { readonly source: string; readonly version: string }>>;
  };
}

export type Resource = Readonly<Record<string, unknown>> & { readonly provider?: string };

/** The example's configuration, changed. */
export function exampleConfig(change: (config: Config) => Config = (config) => config): Config {
  return change(parseConfig(EXAMPLE).config);
}

/** A configuration with many members, ten to a stack. */
export function configWithMembers(count: number, change: (config: Config) => Config = (config) => config): Config {
  return exampleConfig((config) =>
    change({
      ...config,
      members: Array.from({ length: count }, (_, index) => ({
        accountId: String(200_000_000_000 + index),
        name: `member-${index}`,
        roleName: "OrganizationAccountAccessRole",
        stack: Math.floor(index / 10) + 1,
        state: "active",
      })),
    }),
  );
}

/** Every stack of a configuration as cdktf's matchers want it: JSON text with snake_case keys. */
export function synthesizedTexts(config: Config): Record<string, string> {
  const app = Testing.app();
  const { archive, domain, search, accounts } = buildStacks(app, config);
  const stacks: TerraformStack[] = [archive, domain, search, ...accounts.values()];
  // References between stacks become outputs and remote states only then; without it they are rendered wrongly.
  stacks.forEach((stack) => stack.prepareStack());
  return Object.fromEntries(stacks.map((stack) => [stack.node.id, Testing.synth(stack)]));
}

/** Every stack of a configuration, by name. */
export function synthesizedStacks(config: Config): Record<string, Synthesized> {
  return Object.fromEntries(
    Object.entries(synthesizedTexts(config)).map(([name, text]) => [name, JSON.parse(text) as Synthesized]),
  );
}

/** All resources of a type in a stack, those that match first of all. */
export function resourcesOf(stack: Synthesized | undefined, type: string): Resource[] {
  return Object.values(stack?.resource?.[type] ?? {});
}

/** The only resource of a type, or the only one that has these properties. */
export function resourceOf(
  stack: Synthesized | undefined,
  type: string,
  properties: Readonly<Record<string, unknown>> = {},
): Resource {
  const found = resourcesOf(stack, type).filter((resource) =>
    Object.entries(properties).every(([key, value]) => resource[key] === value),
  );
  if (found.length !== 1) throw new Error(`${found.length} resources ${type} with ${JSON.stringify(properties)}`);
  return found[0]!;
}

/** The only resource of a type whose name begins so: what cdktf adds to a construct's path is a hash. */
export function resourceNamed(stack: Synthesized | undefined, type: string, prefix: string): Resource {
  const found = Object.entries(stack?.resource?.[type] ?? {}).filter(([name]) =>
    new RegExp(`^${prefix}_[0-9A-F]{8}$`).test(name),
  );
  if (found.length !== 1) throw new Error(`${found.length} resources ${type}.${prefix}`);
  return found[0]![1];
}

/** A policy document as Terraform hands it to AWS. */
export interface Policy {
  readonly Version: string;
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action: string | string[];
  readonly Resource?: string | string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Reads a policy out of a synthesized attribute: what Terraform escapes is undone, as Terraform does. */
export function policyOf(text: unknown): Policy {
  return JSON.parse(String(text).replaceAll("$${", () => "${")) as Policy;
}

export function statement(policy: Policy, sid: string): PolicyStatement {
  const found = policy.Statement.filter(({ Sid }) => Sid === sid);
  if (found.length !== 1) throw new Error(`${found.length} statements ${sid}`);
  return found[0]!;
}
