import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { DescribeDomainCommand, OpenSearchClient } from "@aws-sdk/client-opensearch";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromNodeProviderChain, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { arns } from "../modules/aws";
import type { Account, Config } from "../modules/config";
import { apiKeySettings } from "../lambda/shipper/settings";
import { DomainClient, type DomainClientOptions } from "./domain-client";

/** Keys, and how long they are good for. */
export interface OperatorCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export type CredentialsProvider = () => Promise<OperatorCredentials>;

/** What every AWS SDK client is made with: `new S3Client(access.operator())`. */
export interface ClientSettings {
  readonly region: string;
  readonly credentials: CredentialsProvider;
  readonly requestHandler: NodeHttpHandler;
}

/** AWS cannot be reached as the configuration says. The message names the account and what was tried. */
export class AccessError extends Error {
  override readonly name = "AccessError";
}

/** How the commands' sessions show in CloudTrail. */
const SESSION_NAME = "cloudtrail-kibana-operations";

/** Keys are renewed so long before they expire. */
const RENEWED_BEFORE_MS = 5 * 60_000;

/**
 * The accounts of a configuration, reached as Terraform reaches them (see modules/aws/providers.ts): by the account's
 * profile, by a role that is assumed with the management account's credentials, or by the environment's own credentials.
 * AWS's standard environment variables are honoured: AWS_PROFILE, AWS_ACCESS_KEY_ID and the like, AWS_ENDPOINT_URL,
 * AWS_CONFIG_FILE, and AWS_CA_BUNDLE, which the AWS SDK for JavaScript does not read by itself.
 */
export class AwsAccess {
  private readonly ca: string | undefined;
  private readonly requestHandler: NodeHttpHandler;
  private readonly providers = new Map<string, CredentialsProvider>();
  private readonly verified = new Map<string, Promise<void>>();

  /** @throws AccessError where AWS_CA_BUNDLE names a file that cannot be read */
  constructor(
    private readonly config: Config,
    private readonly env: NodeJS.ProcessEnv = process.env,
  ) {
    this.ca = certificateAuthorities(env);
    this.requestHandler = new NodeHttpHandler({
      connectionTimeout: 10_000,
      httpsAgent: new Agent({ keepAlive: true, maxSockets: 32, ...(this.ca === undefined ? {} : { ca: this.ca }) }),
    });
  }

  /** Settings of clients that work in an account with the rights that Terraform has there. */
  settings(account: Account): ClientSettings {
    return this.clientSettings(this.accountCredentials(account));
  }

  /** Settings of clients that work as the operator role, in the management account. */
  operator(): ClientSettings {
    return this.clientSettings(this.operatorCredentials());
  }

  /**
   * Looks whether the account's credentials can be had and are of that account, so that nothing is read or written
   * elsewhere because of a wrong profile. Asked once for each account.
   *
   * @throws AccessError
   */
  verify(account: Account): Promise<void> {
    const known = this.verified.get(account.accountId) ?? this.identify(account);
    this.verified.set(account.accountId, known);
    return known;
  }

  /**
   * The search domain as the operator role reaches it, or the Elastic Stack by the API key that the role may read. Its
   * address is SEARCH_ENDPOINT (a host), or what AWS or the configuration says.
   *
   * @throws AccessError where there is no such domain, or it cannot be asked for
   */
  async domain(): Promise<DomainClient> {
    const given = this.env.SEARCH_ENDPOINT ?? "";
    const { target, elastic } = this.config.search;
    if (target === "elastic" && elastic !== undefined) {
      return new DomainClient({
        endpoint: given === "" ? new URL(elastic.elasticsearch).host : given,
        region: this.config.region,
        credentials: this.operatorCredentials(),
        apiKey: apiKeySettings(elastic.operatorApiKeyArn ?? elastic.apiKeyArn, this.env),
        ca: this.ca,
      });
    }
    return new DomainClient(await this.domainDoor());
  }

  /**
   * Where the search domain is (SEARCH_ENDPOINT, or what AWS says), and the operator role's keys for it.
   *
   * @throws AccessError where there is no such domain, or it cannot be asked for
   */
  async domainDoor(): Promise<DomainClientOptions> {
    const given = this.env.SEARCH_ENDPOINT ?? "";
    return {
      endpoint: given === "" ? await this.deployedEndpoint() : given,
      region: this.config.region,
      credentials: this.operatorCredentials(),
      ca: this.ca,
    };
  }

  private clientSettings(credentials: CredentialsProvider): ClientSettings {
    return { region: this.config.region, credentials, requestHandler: this.requestHandler };
  }

  private async identify(account: Account): Promise<void> {
    const who = `account ${account.accountId} (${account.name})`;
    const sts = new STSClient(this.settings(account));
    const { Account: found } = await sts.send(new GetCallerIdentityCommand({})).catch((error: unknown) => {
      throw new AccessError(`${who} cannot be reached by ${this.wayTo(account)}: ${reason(error)}`);
    });
    if (found !== account.accountId) {
      throw new AccessError(`${who}: ${this.wayTo(account)} leads into the account ${found ?? "?"}`);
    }
  }

  /** The way to an account's credentials, for people. */
  private wayTo({ profile, roleName }: Account): string {
    if (profile !== undefined) return `the profile ${profile}`;
    return roleName === undefined ? "the environment's credentials" : `the role ${roleName}`;
  }

  private async deployedEndpoint(): Promise<string> {
    const { management, names } = this.config;
    await this.verify(management);
    const client = new OpenSearchClient(this.settings(management));
    const { DomainStatus } = await client
      .send(new DescribeDomainCommand({ DomainName: names.domain }))
      .catch((error: unknown) => {
        throw new AccessError(`the address of the domain ${names.domain} cannot be had: ${reason(error)}`);
      });
    if (DomainStatus?.Endpoint === undefined) {
      throw new AccessError(`the domain ${names.domain} has no address yet: it is still being made`);
    }
    return DomainStatus.Endpoint;
  }

  private accountCredentials(account: Account): CredentialsProvider {
    return this.provider(account.accountId, () => {
      const { management } = this.config;
      if (account.profile !== undefined) return fromProfile(account.profile);
      if (account.roleName === undefined) return fromProfile(undefined);
      const own = account.accountId === management.accountId;
      return this.assumed(own ? fromProfile(undefined) : this.accountCredentials(management), {
        roleArn: arns.role({ region: this.config.region, accountId: account.accountId }, account.roleName),
        externalId: account.externalId,
        sessionName: account.sessionName,
      });
    });
  }

  private operatorCredentials(): CredentialsProvider {
    return this.provider("operator", () => {
      const { management, names, region } = this.config;
      const roleArn = arns.role({ region, accountId: management.accountId }, names.operatorRole);
      const assumed = this.assumed(this.accountCredentials(management), { roleArn });
      return () =>
        assumed().catch((error: unknown) => {
          const remedy = "is whoever you are in operations.principals?";
          throw new AccessError(`the role ${names.operatorRole} cannot be assumed: ${reason(error)} (${remedy})`);
        });
    });
  }

  private assumed(
    master: CredentialsProvider,
    o: { readonly roleArn: string; readonly externalId?: string; readonly sessionName?: string },
  ): CredentialsProvider {
    const { region } = this.config;
    return fromTemporaryCredentials({
      masterCredentials: master,
      params: { RoleArn: o.roleArn, RoleSessionName: o.sessionName ?? SESSION_NAME, ExternalId: o.externalId },
      clientConfig: { region, requestHandler: this.requestHandler },
    });
  }

  /** One provider for each, whose keys are kept until shortly before they expire. */
  private provider(key: string, make: () => CredentialsProvider): CredentialsProvider {
    const provider = this.providers.get(key) ?? kept(make());
    this.providers.set(key, provider);
    return provider;
  }
}

/** The AWS SDK's own chain; a profile that is named is the only one that is looked at. */
function fromProfile(profile: string | undefined): CredentialsProvider {
  return fromNodeProviderChain({ profile });
}

function kept(provider: CredentialsProvider): CredentialsProvider {
  let known: Promise<OperatorCredentials> | undefined;
  let goodUntil = 0;
  return () => {
    if (known === undefined || Date.now() >= goodUntil) {
      goodUntil = Infinity;
      known = provider().then(
        (credentials) => {
          goodUntil = (credentials.expiration?.getTime() ?? Infinity) - RENEWED_BEFORE_MS;
          return credentials;
        },
        (error: unknown) => {
          known = undefined;
          throw error;
        },
      );
    }
    return known;
  };
}

function certificateAuthorities({ AWS_CA_BUNDLE: file = "" }: NodeJS.ProcessEnv): string | undefined {
  if (file === "") return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new AccessError(`AWS_CA_BUNDLE names ${file}, which cannot be read: ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
