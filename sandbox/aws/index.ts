import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CACHE_DIRECTORY } from "../cache";
import type { Certificates } from "../certificates";
import { end, ready, Tail } from "../processes";
import { startAuthorizer } from "./authorizer";
import { preparePython } from "./python";
import type { Caller, Credentials, FunctionCounts, RecordedCall } from "./types";

export { decide, type AuthorizationRequest, type Decision } from "./authorizer";
export { preparePython } from "./python";
export type { Caller, Credentials, FunctionCounts, NamedPolicy, RecordedCall } from "./types";

/** An account that is there before anything is deployed. */
export interface SimulatedAccount {
  readonly accountId: string;
  /**
   * Roles with every right, which the management account may assume.
   *
   * @default OrganizationAccountAccessRole, as Organizations makes it
   */
  readonly roles?: readonly { readonly name: string; readonly externalId?: string }[];
}

export interface AwsOptions {
  readonly managementAccountId: string;
  /** The other accounts. Ids alone stand for accounts with the default role. @default none */
  readonly accounts?: readonly (string | SimulatedAccount)[];
  /** Roles of the management account, such as those that `operations.principals` names. */
  readonly managementRoles?: SimulatedAccount["roles"];
  /** @default ap-northeast-1 */
  readonly region?: string;
  /** What every search domain gives as its endpoint: `host:port`. */
  readonly domain: { readonly endpoint: string };
  readonly certificate: Certificates;
  /** Before the first asynchronous retry; twice as long before the second. On AWS a minute. @default 1000 */
  readonly retryDelayMs?: number;
  /** Told what is being fetched on first use. */
  readonly progress?: (text: string) => void;
}

/** A search domain as deployed. */
export interface DeployedDomain {
  readonly arn: string;
  readonly engineVersion: string;
  readonly accessPolicy: object | null;
}

/** The simulated AWS. For Terraform and the SDK: AWS_ENDPOINT_URL={@link Aws.url}, AWS_CA_BUNDLE=the CA's file. */
export interface Aws {
  /** https://127.0.0.1:port, for every service. */
  readonly url: string;
  /** The same without TLS, so that a policy can be seen to demand it. */
  readonly httpUrl: string;
  readonly region: string;
  /** Keys of the account's administrator. @throws Error for an account that is not there */
  credentialsFor(accountId: string): Credentials;
  /** Adds an account while all runs. */
  addAccount(account: string | SimulatedAccount): Promise<Credentials>;
  /** Whose an access key is; undefined if nobody's. */
  caller(accessKeyId: string): Promise<Caller | undefined>;
  /** The search domain of that name, in whichever account. */
  domain(name: string): Promise<DeployedDomain | undefined>;
  /** The access policy in force on a search domain; undefined while there is none. */
  accessPolicy(domainName: string): Promise<object | undefined>;
  /**
   * Waits until no asynchronous event is running, waiting for its retry or being kept.
   *
   * @returns false if it was not so within the time
   */
  lambdaIdle(timeoutMs?: number): Promise<boolean>;
  /** What each function did, by its ARN. */
  invocations(): Promise<Readonly<Record<string, FunctionCounts>>>;
  /** Why S3 refused its last twenty refused calls: its answers say only that it did. */
  denials(): Promise<readonly string[]>;
  /** What Terraform called so far, each call once. */
  calls(): Promise<readonly RecordedCall[]>;
  /** Every resource that is there now and was not at the start: `<account> <kind> <name>`. */
  leftovers(): Promise<readonly string[]>;
  /** The last lines that the simulated AWS printed, where its own faults show. */
  log(): string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const LONGEST_WAIT_S = 20;
// moto compiled anew at each start would take most of the start's time; the project's folders stay free of it.
const PYTHON_BYTECODE = join(CACHE_DIRECTORY, "bytecode");

/**
 * Starts an AWS on this machine: moto, with what it leaves out (see launcher/). It ends with its parent, also when that
 * is killed. While it is used this process must not block its event loop: the authorizer answers from here.
 *
 * @throws Error with what it printed, if it does not come up
 */
export async function startAws(options: AwsOptions): Promise<Aws> {
  const python = await preparePython(options.progress);
  const folder = mkdtempSync(join(tmpdir(), "cloudtrail-aws-"));
  const authorizer = await startAuthorizer();
  const token = randomBytes(24).toString("hex");
  const region = options.region ?? "ap-northeast-1";
  const child = spawn(python, ["-m", "launcher"], {
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own: Ctrl-C at the terminal is for the sandbox, which then ends all in order.
    detached: process.platform !== "win32",
    env: {
      ...withoutAws(process.env),
      PYTHONPATH: __dirname,
      PYTHONPYCACHEPREFIX: PYTHON_BYTECODE,
      PYTHONUNBUFFERED: "1",
    },
  });
  const log = new Tail(200);
  child.stderr.on("data", (chunk: Buffer) => log.add(chunk.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.write(
    `${JSON.stringify({
      accounts: [
        { accountId: options.managementAccountId, roles: options.managementRoles },
        ...(options.accounts ?? []).map(account),
      ],
      region,
      search_endpoint: options.domain.endpoint,
      certificate: options.certificate,
      authorizer_url: authorizer.url,
      control_token: token,
      node: process.execPath,
      folder,
      retry_seconds: (options.retryDelayMs ?? 1000) / 1000,
    })}\n`,
  );
  const stop = async () => {
    await end(child);
    await authorizer.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const printed = await ready(child, "the simulated AWS", /READY (\{.*\})\n/, START_TIMEOUT_MS);
    const { url, httpUrl, accounts } = JSON.parse(printed) as {
      url: string;
      httpUrl: string;
      accounts: Record<string, Credentials>;
    };
    const control = <T>(path: string, body?: object) => ask<T>(`${httpUrl}/_sandbox/${path}`, token, body);
    const domain = (name: string) => control<DeployedDomain>(`domains/${encodeURIComponent(name)}`);
    return {
      url,
      httpUrl,
      region,
      credentialsFor: (accountId) => {
        const found = accounts[accountId];
        if (!found) throw new Error(`There is no account ${accountId}; there are ${Object.keys(accounts).join(", ")}.`);
        return found;
      },
      addAccount: async (added) =>
        (accounts[account(added).accountId] = (await control<Credentials>("accounts", account(added)))!),
      caller: async (accessKeyId) => control<Caller>(`callers/${encodeURIComponent(accessKeyId)}`),
      domain,
      accessPolicy: async (name) => (await domain(name))?.accessPolicy ?? undefined,
      lambdaIdle: async (timeoutMs = 120_000) => {
        for (const until = Date.now() + timeoutMs; ;) {
          const seconds = Math.min(LONGEST_WAIT_S, Math.max(0, until - Date.now()) / 1000);
          if (await control<boolean>(`idle?seconds=${seconds}`)) return true;
          if (Date.now() >= until) return false;
        }
      },
      invocations: async () => (await control<Record<string, FunctionCounts>>("counts")) ?? {},
      denials: async () => (await control<string[]>("denials")) ?? [],
      calls: async () => (await control<RecordedCall[]>("calls")) ?? [],
      leftovers: async () => (await control<string[]>("leftovers")) ?? [],
      log: () => log.toString(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function account(given: string | SimulatedAccount): SimulatedAccount {
  return typeof given === "string" ? { accountId: given } : given;
}

/** The user's own AWS settings must not reach the simulated one. */
function withoutAws(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(AWS|MOTO|PYTHON)/.test(name)));
}

/** One question to the sandbox's own interface of the simulated AWS. */
function ask<T>(url: string, token: string, body?: object): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: body ? "POST" : "GET", headers: { "x-sandbox-token": token }, agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          if (incoming.statusCode === 404) resolve(undefined);
          else if (incoming.statusCode === 200) resolve(JSON.parse(text) as T);
          else reject(new Error(`${url}: ${incoming.statusCode ?? ""} ${text}`));
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body && JSON.stringify(body));
  });
}
