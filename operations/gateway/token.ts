import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Git-ignored, and for the owner only. */
export const TOKEN_FILE = ".cloudtrail/gateway-token";

const MIN_CHARACTERS = 32;

/** A token that cannot be used. The message says where it came from and what to do. */
export class TokenError extends Error {
  override readonly name = "TokenError";
}

/**
 * The token that Terraform shows to the gateway: from TF_VAR_gateway_token, else from a file, which is made on first use
 * with 256 random bits.
 *
 * @throws TokenError for a token of fewer than 32 characters, or a file that cannot be read or made
 */
export function gatewayToken(env: NodeJS.ProcessEnv = process.env, file = TOKEN_FILE): string {
  const given = env.TF_VAR_gateway_token ?? "";
  if (given !== "") return checked(given, "TF_VAR_gateway_token");
  try {
    return checked(readFileSync(file, "utf8").trim(), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const token = randomBytes(32).toString("hex");
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Never over a file that somebody else is just making.
  writeFileSync(file, `${token}\n`, { mode: 0o600, flag: "wx" });
  return token;
}

function checked(token: string, source: string): string {
  if (token.length >= MIN_CHARACTERS) return token;
  throw new TokenError(
    `The gateway's token in ${source} has ${token.length} characters, and ${MIN_CHARACTERS} are the least. ` +
      "Remove it, and a good one is made.",
  );
}
