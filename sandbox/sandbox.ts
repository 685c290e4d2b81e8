import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { IAMClient } from "@aws-sdk/client-iam";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { parseConfig, sourceAccounts, type Config, type SourceAccountEntry } from "../modules/config";
import { synthesize } from "../modules/stacks";
import { DomainClient } from "../operations/domain-client";
import { simulatedAccounts, writeProfiles } from "./accounts";
import { startAws, type Aws, type Credentials } from "./aws";
import { makeCertificates, type Certificates } from "./certificates";
import type { Cleanup } from "./cleanup";
import { sandboxConfiguration, type Change } from "./configuration";
import { startDomainFront, type DomainFront } from "./domain";
import { startEngine, type EngineKind } from "./engine";
import { clearEngine, lookAtEngine, type RunningEngine } from "./engine/running";
import type { Progress } from "./progress";
import { SearchStack } from "./search-stack";
import { runStacks, stackNames, terraformEnvironment, type StackEvent, type StackResult } from "./terraform";
import { TrustingClient } from "./tls";

/** The engine versions of Amazon's that the sandbox's engines are. */
const ENGINE_VERSIONS: Record<EngineKind, string> = { es7: "Elasticsearch_7.10", os2: "OpenSearch_2.19" };

const BYTES_PER_GIB = 1024 ** 3;

/** An address in no network of anybody's: it is reserved for documentation. */
const ELSEWHERE = "198.51.100.7";

export interface SandboxOptions {
  /** Which engine is started. @default es7 */
  readonly engine?: EngineKind;
  /** An engine that already runs, instead of one that is started. */
  readonly searchUrl?: string;
  /** Changes to the example configuration, path by path. */
  readonly changes?: readonly Change[];
  readonly progress: Progress;
  /** Gets everything that has to end again. */
  readonly cleanup: Cleanup;
  /** Ends Terraform's processes. */
  readonly signal?: AbortSignal;
}

/** What of one deployment is looked at. */
export interface StackChange {
  readonly stack: string;
  readonly address: string;
  readonly action: string;
}

/**
 * The whole system on one machine: simulated accounts, a real engine behind a front that does what a domain does, and
 * the user's Terraform on the synthesized stacks.
 */
export class Sandbox {
  private current: Config;
  private generation = 0;
  private outDir = "";
  private readonly doors = new Map<string, Promise<string>>();

  private constructor(
    readonly engine: RunningEngine,
    readonly aws: Aws,
    readonly domain: DomainFront,
    /** Holds everything that the sandbox writes; gone in the end. */
    readonly folder: string,
    readonly certificates: Certificates,
    readonly client: TrustingClient,
    private readonly terraform: { readonly env: NodeJS.ProcessEnv; readonly source: string },
    /** The gateway's token. */
    readonly token: string,
    private readonly searchStack: SearchStack,
    private readonly options: SandboxOptions,
    config: Config,
  ) {
    this.current = config;
  }

  /**
   * Starts everything; nothing is deployed yet.
   *
   * @throws Error if a part does not come up; what was started before is in `cleanup`
   */
  static async start(options: SandboxOptions): Promise<Sandbox> {
    const { progress, cleanup, changes = [] } = options;
    const folder = mkdtempSync(join(tmpdir(), "cloudtrail-sandbox-"));
    cleanup.add("temporary files", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    const engine = await progress.step("Search engine", (detail) => startOrUse(options, detail));
    const { config } = parseConfig(sandboxConfiguration(engine.engineVersion, changes), "the sandbox's configuration");

    const certificates = makeCertificates(folder);
    const domain = await startDomainFront({
      engineUrl: engine.url,
      engineVersion: engine.engineVersion,
      domainArn: `arn:aws:es:${config.region}:${config.management.accountId}:domain/${config.names.domain}`,
      certificates,
    });
    cleanup.add("domain", () => domain.stop());
    domain.setVolume(config.search.volumeSizeGib * BYTES_PER_GIB);
    const aws = await progress.step("Simulated AWS", (detail) =>
      startAws({
        ...simulatedAccounts(config),
        region: config.region,
        domain: { endpoint: domain.endpoint },
        certificate: certificates,
        progress: detail,
      }),
    );
    cleanup.add("simulated AWS", () => aws.stop());
    domain.connect({
      caller: (accessKeyId) => aws.caller(accessKeyId),
      accessPolicy: () => aws.accessPolicy(config.names.domain),
    });
    const client = new TrustingClient(certificates.caFile);
    cleanup.add("connections", () => client.close());
    const token = randomBytes(32).toString("hex");
    const found = await terraformEnvironment({ workDir: folder });
    const env = {
      ...withoutOthers(process.env),
      ...found.env,
      ...(await writeProfiles(config, aws, join(folder, "aws"), (keys, roleArn) =>
        assume(clientSettings(aws, client, keys), roleArn),
      )),
      AWS_ENDPOINT_URL: aws.url,
      AWS_CA_BUNDLE: certificates.caFile,
      AWS_EC2_METADATA_DISABLED: "true",
      // The elasticstack provider trusts what the system trusts.
      SSL_CERT_FILE: certificates.caFile,
      TF_VAR_gateway_token: token,
      TF_IN_AUTOMATION: "1",
    };
    const searchStack = new SearchStack({ client, token, folder: join(folder, "search-stack") });
    return new Sandbox(
      engine,
      aws,
      domain,
      folder,
      certificates,
      client,
      { env, source: found.source },
      token,
      searchStack,
      options,
      config,
    );
  }

  get config(): Config {
    return this.current;
  }

  /** A door to the domain for people in the first of the allowed networks: host:port. */
  peoplesDoor(): Promise<string> {
    const [network] = this.current.kibana.allowedCidrs;
    return this.doorFrom(network?.split("/")[0] ?? ELSEWHERE);
  }

  /** A door to the domain for people in another network. */
  strangersDoor(): Promise<string> {
    return this.doorFrom(ELSEWHERE);
  }

  private doorFrom(sourceIp: string): Promise<string> {
    const door = this.doors.get(sourceIp) ?? this.domain.doorFrom(sourceIp);
    this.doors.set(sourceIp, door);
    return door;
  }

  /** Where Terraform gets its providers, for people. */
  get providerSource(): string {
    return this.terraform.source;
  }

  /** Environment of Terraform's processes. */
  get environment(): NodeJS.ProcessEnv {
    return this.terraform.env;
  }

  /** Folder of the synthesized stacks. */
  get synthesized(): string {
    return this.outDir;
  }

  /** The accounts that have a trail. */
  get accounts(): readonly SourceAccountEntry[] {
    return sourceAccounts(this.current);
  }

  /**
   * Synthesizes the stacks, from the configuration with further changes.
   *
   * @returns the names of the stacks, those that others depend on first
   */
  synthesize(further: readonly Change[] = []): readonly string[] {
    const yaml = sandboxConfiguration(this.engine.engineVersion, [...(this.options.changes ?? []), ...further]);
    this.current = parseConfig(yaml, "the sandbox's configuration").config;
    this.outDir = join(this.folder, `cdktf.out.${++this.generation}`);
    mkdirSync(this.outDir);
    writeFileSync(this.configurationFile, yaml);
    synthesize(this.current, { outdir: this.outDir });
    return stackNames(this.outDir);
  }

  /** Applies every stack in its order, as `cdktf deploy '*'` does. */
  async deploy(onEvent: (event: StackEvent) => void = () => undefined): Promise<readonly StackResult[]> {
    const names = stackNames(this.outDir);
    const before = names.filter((name) => name === "archive" || name === "domain");
    const results = await this.run("apply", before, onEvent);
    results.push(...(await this.deploySearch(this.gatewayUrl(results), onEvent)));
    results.push(...(await this.run("apply", this.accountStacks(), onEvent)));
    return results;
  }

  /** Applies the stack `domain` alone: all that the stack `search` needs. */
  deployDomain(onEvent: (event: StackEvent) => void = () => undefined): Promise<readonly StackResult[]> {
    return this.run("apply", ["domain"], onEvent);
  }

  /** Applies the stack `search`, by the real provider or by the stand-in. */
  async deploySearch(
    gatewayUrl: string,
    onEvent: (event: StackEvent) => void = () => undefined,
  ): Promise<readonly StackResult[]> {
    if (await this.findSearchProvider()) return this.run("apply", ["search"], onEvent);
    await this.applySearch(gatewayUrl);
    return [];
  }

  /** What another deployment would change: nothing, if all is well. */
  async plan(onEvent: (event: StackEvent) => void = () => undefined): Promise<readonly StackChange[]> {
    const results = await this.run("plan", this.terraformStacks(), onEvent);
    const changes = results.flatMap(({ stack, changes }) => changes.map((change) => ({ stack, ...change })));
    return this.searchStack.isReal ? changes : [...changes, ...(await this.searchStack.plan(this.outDir))];
  }

  /** What another deployment would change in the stack `search`: it is read through the gateway. */
  async planSearch(): Promise<readonly StackChange[]> {
    if (!this.searchStack.isReal) return this.searchStack.plan(this.outDir);
    const [result] = await this.run("plan", ["search"], () => undefined);
    return result!.changes.map((change) => ({ stack: "search", ...change }));
  }

  /**
   * Waits until every function has come to rest, and makes the index show what it holds, as it does by itself after its
   * refresh interval.
   *
   * @throws Error if the functions do not come to rest within five minutes
   */
  async settle(): Promise<void> {
    if (!(await this.aws.lambdaIdle(300_000))) throw new Error("the functions did not come to rest");
    await fetch(`${this.engine.url}/cwl-*/_refresh?allow_no_indices=true`, { method: "POST" });
  }

  /** Destroys every stack, in the reverse order. */
  async destroy(onEvent: (event: StackEvent) => void = () => undefined): Promise<void> {
    await this.run("destroy", this.accountStacks(), onEvent);
    if (this.searchStack.isReal) await this.run("destroy", ["search"], onEvent);
    else await this.destroySearch();
    await this.run("destroy", ["archive", "domain"], onEvent);
  }

  /** Whether Terraform finds the elasticstack provider; where not, the stand-in applies and destroys its stack. */
  async findSearchProvider(): Promise<boolean> {
    await this.searchStack.find(this.stackOptions());
    return this.searchStack.isReal;
  }

  /** The stand-in applies the stack `search`, through the gateway. */
  applySearch(gatewayUrl: string): Promise<void> {
    return this.searchStack.apply(this.outDir, gatewayUrl);
  }

  /** The stand-in destroys the stack `search`. */
  destroySearch(): Promise<void> {
    return this.searchStack.destroy(this.outDir);
  }

  /** The configuration as a file, as the user has one. */
  get configurationFile(): string {
    return join(this.folder, "cloudtrail.yaml");
  }

  /** Whether the search stack is applied by the real elasticstack provider. */
  get usesRealProvider(): boolean {
    return this.searchStack.isReal;
  }

  /** An operator's client of the domain: the role is assumed as `operations.principals` may. */
  async operator(): Promise<DomainClient> {
    const credentials = await this.operatorCredentials();
    return new DomainClient({
      endpoint: this.domain.endpoint,
      region: this.current.region,
      credentials: () => Promise.resolve(credentials),
      ca: readFileSync(this.certificates.caFile, "utf8"),
    });
  }

  /** Keys of a session of the operator role. */
  async operatorCredentials(): Promise<Credentials> {
    const { management, names, operations } = this.current;
    const [principal] = operations.principals;
    if (principal === undefined) throw new Error("operations.principals names nobody who could be an operator");
    const person = await this.assume(this.aws.credentialsFor(management.accountId), principal);
    return this.assume(person, `arn:aws:iam::${management.accountId}:role/${names.operatorRole}`);
  }

  /** Clients that work as an account's administrator. */
  clients(accountId: string): { logs: CloudWatchLogsClient; lambda: LambdaClient; s3: S3Client; iam: IAMClient } {
    const settings = this.clientSettings(this.aws.credentialsFor(accountId));
    return {
      logs: new CloudWatchLogsClient(settings),
      lambda: new LambdaClient(settings),
      s3: new S3Client({ ...settings, forcePathStyle: true }),
      iam: new IAMClient(settings),
    };
  }

  /** Settings of an AWS SDK client that works with the given keys. */
  clientSettings(credentials: Credentials) {
    return clientSettings(this.aws, this.client, credentials);
  }

  private assume(credentials: Credentials, roleArn: string): Promise<Credentials> {
    return assume(this.clientSettings(credentials), roleArn);
  }

  private run(command: "apply" | "plan" | "destroy", stacks: readonly string[], onEvent: (event: StackEvent) => void) {
    return runStacks(command, { ...this.stackOptions(), stacks, onEvent });
  }

  private stackOptions() {
    const { signal } = this.options;
    return { outDir: this.outDir, workDir: join(this.folder, "terraform"), env: this.terraform.env, signal };
  }

  private accountStacks(): string[] {
    return stackNames(this.outDir).filter((name) => name.startsWith("accounts-"));
  }

  private terraformStacks(): string[] {
    return stackNames(this.outDir).filter((name) => name !== "search" || this.searchStack.isReal);
  }

  private gatewayUrl(results: readonly StackResult[]): string {
    return String(results.find(({ stack }) => stack === "domain")?.outputs.gateway_url);
  }
}

async function startOrUse(options: SandboxOptions, detail: (text: string) => void): Promise<RunningEngine> {
  const { searchUrl, engine = "es7", cleanup } = options;
  if (searchUrl !== undefined) {
    const found = await lookAtEngine(searchUrl);
    cleanup.add("indices of the engine", () => clearEngine(found.url));
    return found;
  }
  detail(engine);
  const started = await startEngine(engine);
  cleanup.add("search engine", () => started.stop());
  return { url: started.url, engineVersion: ENGINE_VERSIONS[engine] };
}

function clientSettings(aws: Aws, client: TrustingClient, credentials: Credentials) {
  return { region: aws.region, endpoint: aws.url, credentials, requestHandler: client.requestHandler() };
}

async function assume(settings: ReturnType<typeof clientSettings>, RoleArn: string): Promise<Credentials> {
  const sts = new STSClient(settings);
  const { Credentials: given } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "sandbox" }));
  return {
    accessKeyId: given!.AccessKeyId!,
    secretAccessKey: given!.SecretAccessKey!,
    sessionToken: given!.SessionToken!,
  };
}

/** Nothing of the user's own AWS, Terraform or cdktf settings may reach the sandbox's, but where providers come from. */
function withoutOthers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = /^TF_(CLI_CONFIG_FILE|PLUGIN_CACHE_DIR|PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE)$/;
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => kept.test(name) || !/^(AWS|TF|ELASTICSEARCH|KIBANA|FLEET)_/.test(name)),
  );
}
