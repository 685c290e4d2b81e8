import { BlockList, isIP } from "node:net";
import { dialectOf, type Dialect } from "./dialect";

/** What the gateway is told by its environment. */
export interface Settings {
  /** Host of the search domain, with a port where it is not 443. Always TLS. */
  readonly searchEndpoint: string;
  /** Region of the domain, for the signature. */
  readonly region: string;
  /** How the domain's engine spells its APIs. */
  readonly dialect: Dialect;
  /** SHA-256 of the token that callers must show. */
  readonly tokenSha256: Buffer;
  /** The one index template that may be read and written. */
  readonly indexTemplate: string;
  /** The one pattern that the template and the retention policy may be for. */
  readonly indexPattern: string;
  /** The one lifecycle policy that may be read and written. */
  readonly retentionPolicy: string;
  /** Networks that may use the gateway; undefined: any network with the token. */
  readonly allowedNetworks: BlockList | undefined;
}

/**
 * Reads the settings: SEARCH_ENDPOINT, AWS_REGION, ENGINE_VERSION (`Elasticsearch_7.10`), GATEWAY_TOKEN_SHA256 (64
 * hexadecimal digits), INDEX_TEMPLATE, INDEX_PATTERN, RETENTION_POLICY, ALLOWED_CIDRS (separated by commas, may be
 * empty or absent).
 *
 * @throws Error that names every variable that is missing or unreadable
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const problems: string[] = [];
  const text = (name: string, form = /^[^\s/]+$/): string => {
    const value = env[name] ?? "";
    if (value === "") problems.push(`${name} is not set`);
    else if (!form.test(value)) problems.push(`${name} is not of the form ${String(form)}`);
    return value;
  };
  // Names become parts of paths: nothing that would have to be encoded there, but for the pattern's star.
  const name = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
  const engineVersion = text("ENGINE_VERSION");
  const dialect = dialectOf(engineVersion);
  if (engineVersion !== "" && !dialect) {
    problems.push(`ENGINE_VERSION ${engineVersion} is neither Elasticsearch_X.Y nor OpenSearch_X.Y`);
  }
  const settings = {
    searchEndpoint: text("SEARCH_ENDPOINT"),
    region: text("AWS_REGION"),
    dialect: dialect!,
    tokenSha256: Buffer.from(text("GATEWAY_TOKEN_SHA256", /^[0-9a-f]{64}$/i), "hex"),
    indexTemplate: text("INDEX_TEMPLATE", name),
    indexPattern: text("INDEX_PATTERN", /^[a-z0-9][a-z0-9_.-]*\*?$/),
    retentionPolicy: text("RETENTION_POLICY", name),
    allowedNetworks: readNetworks(env.ALLOWED_CIDRS ?? "", problems),
  };
  if (problems.length > 0) throw new Error(`The gateway's environment is not right: ${problems.join("; ")}`);
  return settings;
}

function readNetworks(list: string, problems: string[]): BlockList | undefined {
  const cidrs = list.split(",").flatMap((cidr) => cidr.trim() || []);
  if (cidrs.length === 0) return undefined;
  const networks = new BlockList();
  for (const cidr of cidrs) {
    const [address = "", bits = ""] = cidr.split("/", 2);
    const version = isIP(address);
    if (version === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) {
      problems.push(`ALLOWED_CIDRS: ${cidr} is no network in CIDR form`);
    } else {
      networks.addSubnet(address, Number(bits), version === 4 ? "ipv4" : "ipv6");
    }
  }
  return networks;
}
