import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether an Authorization header carries the token: as the password of `Basic` (the user name is free), or as it is
 * after `Bearer` or `ApiKey` (the provider spells it APIKey towards Elasticsearch and ApiKey towards Kibana). The
 * time that the comparison takes does not depend on what was sent: two digests of equal length are compared.
 *
 * @param sha256 digest of the token; the token itself is nowhere kept
 */
export function carriesToken(authorization: string | undefined, sha256: Buffer): boolean {
  const [, scheme = "", credentials = ""] = /^([A-Za-z]+) +(\S+)$/.exec(authorization ?? "") ?? [];
  const token = tokenIn(scheme.toLowerCase(), credentials);
  const digest = createHash("sha256")
    .update(token ?? "")
    .digest();
  return timingSafeEqual(digest, sha256) && token !== undefined;
}

function tokenIn(scheme: string, credentials: string): string | undefined {
  if (scheme === "bearer" || scheme === "apikey") return credentials;
  if (scheme !== "basic") return undefined;
  const pair = Buffer.from(credentials, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  return colon < 0 ? undefined : pair.slice(colon + 1);
}
