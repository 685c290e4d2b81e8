import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayToken, TokenError } from "../../operations/gateway/token";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gateway-token-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("on first use a token is made, for the owner only; the next use takes the same", () => {
  const file = join(folder, "sub", "token");
  const token = gatewayToken({}, file);
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(gatewayToken({}, file)).toBe(token);
  expect(gatewayToken({}, join(folder, "another"))).not.toBe(token);
});

test("TF_VAR_gateway_token comes before the file, and nothing is written", () => {
  const given = "x".repeat(32);
  const file = join(folder, "token");
  expect(gatewayToken({ TF_VAR_gateway_token: given }, file)).toBe(given);
  expect(() => readFileSync(file)).toThrow("ENOENT");
});

test("a token that is too short is refused, with its source and without itself", () => {
  const file = join(folder, "token");
  writeFileSync(file, "short-secret\n");
  for (const [env, source] of [
    [{}, file],
    [{ TF_VAR_gateway_token: "short-secret" }, "TF_VAR_gateway_token"],
  ] as const) {
    const refused = () => gatewayToken(env, file);
    expect(refused).toThrow(TokenError);
    expect(refused).toThrow(source);
    expect(refused).not.toThrow(/short-secret/);
  }
});
