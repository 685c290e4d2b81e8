import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cached } from "../cache";
import type { Certificates } from "../certificates";
import { end, ready, run } from "../processes";
import type { TrustingClient } from "../tls";
import { startAuthorizer } from "./authorizer";
import type { Caller, SessionCredentials } from "./types";

export type { Caller, SessionCredentials } from "./types";

export interface AwsOptions {
  /** The management account first; each with the role that an administrator works as. */
  readonly accounts: readonly { readonly id: string; readonly roleName: string }[];
  /** What every search domain gives as its endpoint: host and port. */
  readonly domainEndpoint: string;
  readonly certificates: Certificates;
  readonly client: TrustingClient;
}

/** A simulated AWS on this machine: moto, with what it lacks put in. */
export interface Aws {
  /** https://127.0.0.1:<port>, for AWS_ENDPOINT_URL. */
  readonly url: string;
  /** The same without TLS, to show that TLS is demanded. */
  readonly plainUrl: string;
  /** A session of the account's administrator role. */
  credentialsFor(accountId: string): SessionCredentials;
  /** Who is behind an access key, with the policies as deployed. */
  caller(accessKeyId: string): Promise<Caller | undefined>;
  /** A domain's access policy as deployed. */
  accessPolicy(domain: string): Promise<object | undefined>;
  /** Waits until no asynchronous invocation runs or waits for its retry. `onWait` is told how many do. */
  settled(onWait?: (inFlight: number) => void): Promise<void>;
  /** How many invocations there were, and how many of them ended in an error. */
  invocations(): Promise<{ readonly invocations: number; readonly errors: number }>;
  /** What there is, account by account: nothing after everything was destroyed. */
  leftovers(): Promise<string[]>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 120_000;

/** Fetches moto into an environment of its own; nothing to do when that has been done before. */
export async function prepareAws(): Promise<string> {
  const requirements = join(__dirname, "requirements.txt");
  return cached("moto", [readFileSync(requirements), process.env.PYENV_VERSION ?? ""], async (folder) => {
    await run("python3", ["-m", "venv", "--copies", folder]);
    await run(join(folder, "bin", "python"), ["-m", "pip", "install", "--quiet", "--requirement", requirements]);
  });
}

/** Starts the simulated AWS. It ends with its parent, also when that is killed. */
export async function startAws(options: AwsOptions): Promise<Aws> {
  const { accounts, domainEndpoint, certificates, client } = options;
  const environment = await prepareAws();
  const problems: string[] = [];
  const authorizer = await startAuthorizer((problem) => problems.push(problem));
  const child = spawn(
    join(environment, "bin", "python"),
    [
      join(__dirname, "launcher.py"),
      ...["--accounts", JSON.stringify(accounts)],
      ...["--endpoint", domainEndpoint],
      ...["--authorizer", authorizer.url],
      ...["--certificate", certificates.certFile],
      ...["--key", certificates.keyFile],
    ],
    {
      stdio: ["pipe", "pipe", "pipe"],
      detached: process.platform !== "win32",
      env: { ...withoutAws(process.env), NODE_EXTRA_CA_CERTS: certificates.caFile, PYTHONDONTWRITEBYTECODE: "1" },
    },
  );
  const stop = async () => {
    child.stdin.end();
    await end(child);
    await authorizer.stop();
  };
  try {
    const said = await ready(child, "the simulated AWS", /READY (\{.*\})/, START_TIMEOUT_MS);
    const { tls, plain, credentials } = JSON.parse(said) as {
      tls: string;
      plain: string;
      credentials: Record<string, SessionCredentials>;
    };
    const ask = async <T>(path: string): Promise<T | undefined> => {
      const { status, text } = await client.fetch(`${tls}/_sandbox/${path}`);
      return status === 200 ? (JSON.parse(text) as T) : undefined;
    };
    return {
      url: tls,
      plainUrl: plain,
      credentialsFor: (accountId) => {
        const found = credentials[accountId];
        if (!found) throw new Error(`the simulated AWS has no account ${accountId}`);
        return found;
      },
      caller: (accessKeyId) => ask<Caller>(`callers/${encodeURIComponent(accessKeyId)}`),
      accessPolicy: async (domain) => {
        const found = await ask<{ accessPolicies: string | null }>(`domains/${encodeURIComponent(domain)}`);
        const policy = found?.accessPolicies;
        return policy === undefined || policy === null || policy === "" ? undefined : (JSON.parse(policy) as object);
      },
      settled: (onWait) => settled(async () => (await ask<{ inFlight: number }>("activity"))!.inFlight, onWait),
      invocations: async () => (await ask<{ invocations: number; errors: number }>("activity"))!,
      leftovers: async () => (await ask<string[]>("leftovers")) ?? [],
      stop: async () => {
        await stop();
        if (problems.length > 0) throw new Error(`policies that could not be evaluated:\n${problems.join("\n")}`);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Subscriptions are asynchronous: quiet has to last for a moment. */
async function settled(
  inFlight: () => Promise<number>,
  onWait: (inFlight: number) => void = () => undefined,
): Promise<void> {
  for (let quiet = 0; quiet < 3;) {
    const count = await inFlight();
    onWait(count);
    quiet = count === 0 ? quiet + 1 : 0;
    await sleep(100);
  }
}

/** Credentials and profiles of the user's own have no business here. */
function withoutAws(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(AWS_|MOTO_|TF_)/.test(name) || name === "AWS_CA_BUNDLE"),
  );
}
