import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "cdktf/lib/testing/adapters/jest";
import { Testing, type App, type TerraformStack } from "cdktf";
import { parseConfig, type Config } from "../../modules/config";
import { buildStacks } from "../../modules/stacks";

Testing.setupJest();

// Jest's process is one for all files and never tells of its end: what is to be cleaned up then is cleaned up now.
afterAll(() => {
  process.emit("exit", 0);
  rmSync(folder, { recursive: true, force: true });
});

/** cdktf makes an app's folder at once, and for each app another if none is named. */
const folder = mkdtempSync(join(tmpdir(), "stacks-test-"));

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

/** An app whose stacks are looked at and never written. */
export function testApp(): App {
  return Testing.app({ outdir: folder });
}

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
export function synthesizedTexts(config: Config): Readonly<Record<string, string>> {
  return synthesis(config).texts;
}

/** Every stack of a configuration, by name. */
export function synthesizedStacks(config: Config): Readonly<Record<string, Synthesized>> {
  return synthesis(config).stacks;
}

interface Synthesis {
  readonly texts: Readonly<Record<string, string>>;
  readonly stacks: Readonly<Record<string, Synthesized>>;
}

/** By their configurations: many tests look at the same one. */
const syntheses = new Map<string, Synthesis>();

function synthesis(config: Config): Synthesis {
  const key = JSON.stringify(config);
  const known = syntheses.get(key);
  if (known) return known;
  const app = testApp();
  const { archive, domain, search, accounts } = buildStacks(app, config);
  const built: TerraformStack[] = [archive, ...(domain ? [domain] : []), search, ...accounts.values()];
  // References between stacks become outputs and remote states only then; without it they are rendered wrongly.
  built.forEach((stack) => stack.prepareStack());
  const texts = Object.fromEntries(built.map((stack) => [stack.node.id, Testing.synth(stack)]));
  const stacks = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, parseSynthesized(text)]));
  syntheses.set(key, { texts, stacks });
  return { texts, stacks };
}

/** A policy document of a stack, and where it is. */
export interface PolicyText {
  readonly where: string;
  readonly text: string;
}

/** Every policy document in stacks. */
export function policies(stacks: Readonly<Record<string, Pick<Synthesized, "resource">>>): PolicyText[] {
  return Object.entries(stacks).flatMap(([stack, { resource = {} }]) =>
    Object.entries(resource).flatMap(([type, named]) =>
      Object.entries(named).flatMap(([name, attributes]) =>
        Object.entries(attributes)
          .filter(([key]) => /^(policy|assume_role_policy|access_policies|policy_document)$/.test(key))
          .map(([, text]) => ({ where: `${stack}/${type}.${name}`, text: String(text) })),
      ),
    ),
  );
}

/** Bytes, by the resource that holds the policy. */
const POLICY_QUOTAS: readonly (readonly [RegExp, number])[] = [
  [/aws_s3_bucket_policy/, 20_480],
  [/aws_opensearch_domain_policy/, 102_400],
  [/aws_iam_role_policy/, 10_240],
  [/aws_iam_role\./, 2_048],
  [/aws_cloudwatch_log_resource_policy/, 5_120],
];

/** Whether AWS would refuse the policy for its size. A kind of policy that has no quota here is none that was thought of. */
export function isBeyondQuota({ where, text }: PolicyText): boolean {
  const quota = POLICY_QUOTAS.find(([pattern]) => pattern.test(where))?.[1] ?? 0;
  return Buffer.byteLength(JSON.stringify(policyOf(text))) > quota;
}

/** Reads a synthesized stack, `cdk.tf.json`. */
export function parseSynthesized(text: string): Synthesized {
  return JSON.parse(text) as Synthesized;
}

/** Resources and data sources of a stack by their addresses, but for what reads other stacks' states. */
export function addresses(stack: Synthesized): Map<string, Resource> {
  const blocks = [
    ["", stack.resource ?? {}],
    ["data.", stack.data ?? {}],
  ] as const;
  return new Map(
    blocks.flatMap(([prefix, types]) =>
      Object.entries(types)
        .filter(([type]) => type !== "terraform_remote_state")
        .flatMap(([type, named]) =>
          Object.entries(named).map(([name, resource]): [string, Resource] => [`${prefix}${type}.${name}`, resource]),
        ),
    ),
  );
}

/** Addresses of an accounts stack whose provider is not the alias of the account that they are of, or is not there. */
export function foreignAliases(stack: Synthesized): string[] {
  const aliases = new Set(stack.provider.aws!.map(({ alias }) => `aws.${String(alias)}`));
  return [...addresses(stack)]
    .filter(([address, { provider = "" }]) => {
      const account = /\.account-(\d{12})_/.exec(address)?.[1];
      return account === undefined || provider !== `aws.account_${account}` || !aliases.has(provider);
    })
    .map(([address]) => address);
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
