import type { Answer, SignedRequest, Transport } from "./transport";

/** Where an Elastic Stack's API key is kept, and where it is asked for. */
export interface ApiKeySettings {
  /** ARN of a secret of Secrets Manager or of a parameter of SSM. */
  readonly arn: string;
  /** Address of the service other than AWS's own. */
  readonly endpoint: string | undefined;
}

const TIMEOUT_MS = 10_000;

/**
 * The transport to an Elastic Stack: requests to the index (service `es`) carry an API key instead of a signature, all
 * others are signed as before. The key is read once per container, and again after the stack has refused it.
 *
 * Where the key cannot be read, the request is answered as if the stack had refused it (401, or 429 where the service
 * is busy): it is the role or the secret that is not right, and no record is to blame.
 */
export function apiKeyTransport(signed: Transport, settings: ApiKeySettings): Transport {
  let known: Promise<string> | undefined;
  return async (request) => {
    if (request.service !== "es") return signed(request);
    const asked = (known ??= fetchKey(signed, settings));
    const forget = () => {
      if (known === asked) known = undefined;
    };
    try {
      const key = await asked;
      const answer = await signed({ ...request, authorization: `ApiKey ${key}` });
      if (answer.status === 401) forget();
      return answer;
    } catch (error) {
      if (!(error instanceof NoKey)) throw error;
      forget();
      return { status: error.status, text: error.message };
    }
  };
}

/** The key cannot be had. Its message holds nothing of the secret. */
class NoKey extends Error {
  override readonly name = "NoKey";

  constructor(
    reason: string,
    readonly status: 401 | 429 = 401,
  ) {
    super(`the API key cannot be read: ${reason}`);
  }
}

async function fetchKey(signed: Transport, settings: ApiKeySettings): Promise<string> {
  const answer = await ask(signed, settings);
  if (answer.status !== 200) {
    const busy = answer.status >= 500 || /throttl|too many requests|limit ?exceeded/i.test(answer.text);
    throw new NoKey(`${settings.arn}: ${answer.status} ${answer.text.slice(0, 200)}`, busy ? 429 : 401);
  }
  const key = keyIn(secretIn(answer.text));
  if (key === undefined) throw new NoKey(`${settings.arn} holds no API key`);
  return key;
}

/** A request of AWS's JSON protocol, which is all that a client of these services would send. */
async function ask(signed: Transport, { arn, endpoint }: ApiKeySettings): Promise<Answer> {
  const [, partition, service, region = ""] = arn.split(":");
  const isParameter = service === "ssm";
  const suffix = partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  const request: SignedRequest = {
    service: isParameter ? "ssm" : "secretsmanager",
    region,
    method: "POST",
    host: endpoint === undefined ? `${service}.${region}.${suffix}` : new URL(endpoint).host,
    path: "/",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": isParameter ? "AmazonSSM.GetParameter" : "secretsmanager.GetSecretValue",
    },
    body: Buffer.from(JSON.stringify(isParameter ? { Name: arn, WithDecryption: true } : { SecretId: arn })),
    timeoutMs: TIMEOUT_MS,
  };
  try {
    return await signed(request);
  } catch (error) {
    throw new NoKey(`${arn}: ${(error as Error).message}`, 429);
  }
}

/** The value in the service's answer. */
function secretIn(answer: string): string {
  const { SecretString, Parameter } = (parsed(answer) ?? {}) as {
    readonly SecretString?: unknown;
    readonly Parameter?: { readonly Value?: unknown };
  };
  const value = SecretString ?? Parameter?.Value;
  return typeof value === "string" ? value.trim() : "";
}

/**
 * The key in the form that the header wants, from what people keep: that form itself, `id:key`, or the JSON that
 * Elasticsearch answered when the key was made.
 */
function keyIn(secret: string): string | undefined {
  const { encoded, id, api_key: key } = (parsed(secret) ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof encoded === "string") return header(encoded);
  if (typeof id === "string" && typeof key === "string") return header(`${id}:${key}`);
  return header(secret);
}

function header(text: string): string | undefined {
  if (/^[\w-]+:[\w-]+$/.test(text)) return Buffer.from(text).toString("base64");
  return /^[\w+/-]{16,}=*$/.test(text) ? text : undefined;
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
