import type { ApiKeySettings } from "./api-key";

/** What the function is told by its environment. */
export interface Settings {
  /** Host of the search domain, with a port where it is not 443. Always TLS. */
  readonly searchEndpoint: string;
  /** Region of the domain and of the dead-letter bucket. */
  readonly searchRegion: string;
  readonly deadLetterBucket: string;
  /** What dead letters' keys begin with: `<account id>/`. */
  readonly deadLetterPrefix: string;
  /** Names of the accounts by their ids. */
  readonly ownerNames: ReadonlyMap<string, string>;
  /** How old a record may be, in days, to have an index of its day. */
  readonly maxRecordAgeDays: number;
  /** Bytes of a bulk body, uncompressed. Small instances refuse 10 MiB. */
  readonly maxBodyBytes: number;
  /** Address of S3 other than AWS's own (the standard variables AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL). */
  readonly s3Endpoint: string | undefined;
  /** The API key of an Elastic Stack; absent where the index is a domain's. */
  readonly apiKey?: ApiKeySettings;
}

export const DEFAULT_MAX_BODY_BYTES = 5 * 1024 * 1024;

/**
 * Reads the settings.
 *
 * @throws Error that names every variable that is missing or unreadable
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const problems: string[] = [];
  const text = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === "") problems.push(`${name} is not set`);
    return value ?? "";
  };
  const positive = (name: string, value: string): number => {
    const number = Number(value);
    if (!(Number.isFinite(number) && number > 0) && value !== "") problems.push(`${name} is no positive number`);
    return number;
  };
  const settings: Settings = {
    searchEndpoint: text("SEARCH_ENDPOINT"),
    searchRegion: text("SEARCH_REGION"),
    deadLetterBucket: text("DEAD_LETTER_BUCKET"),
    deadLetterPrefix: text("DEAD_LETTER_PREFIX"),
    ownerNames: readNames(text("OWNER_NAMES"), problems),
    maxRecordAgeDays: positive("MAX_RECORD_AGE_DAYS", text("MAX_RECORD_AGE_DAYS")),
    maxBodyBytes: positive("MAX_BODY_BYTES", env.MAX_BODY_BYTES ?? String(DEFAULT_MAX_BODY_BYTES)),
    s3Endpoint: env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL,
    ...readApiKey(env, problems),
  };
  if (problems.length > 0) throw new Error(`The shipper's environment is not right: ${problems.join("; ")}`);
  return settings;
}

function readApiKey(env: NodeJS.ProcessEnv, problems: string[]): Pick<Settings, "apiKey"> {
  const arn = env.SEARCH_API_KEY_ARN ?? "";
  if (arn === "") return {};
  if (!/^arn:[\w-]+:(secretsmanager|ssm):[a-z0-9-]+:\d{12}:./.test(arn)) {
    problems.push("SEARCH_API_KEY_ARN is no ARN of a secret or a parameter");
  }
  return { apiKey: apiKeySettings(arn, env) };
}

/** Where a secret is asked for: at the address of the standard variables, or at AWS's own. */
export function apiKeySettings(arn: string, env: NodeJS.ProcessEnv): ApiKeySettings {
  const own = arn.split(":")[2] === "ssm" ? env.AWS_ENDPOINT_URL_SSM : env.AWS_ENDPOINT_URL_SECRETS_MANAGER;
  return { arn, endpoint: own ?? env.AWS_ENDPOINT_URL };
}

function readNames(json: string, problems: string[]): ReadonlyMap<string, string> {
  if (json === "") return new Map();
  try {
    const names = Object.entries(JSON.parse(json) as Record<string, unknown>);
    if (
      json.trim().startsWith("{") &&
      names.every((entry): entry is [string, string] => typeof entry[1] === "string")
    ) {
      return new Map(names);
    }
  } catch {
    // Told below.
  }
  problems.push("OWNER_NAMES is no JSON object of names by account id");
  return new Map();
}
