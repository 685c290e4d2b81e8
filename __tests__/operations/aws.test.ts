import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseConfig } from "../../modules/config";
import { AccessError, AwsAccess } from "../../operations/aws";

const YAML = `
region: eu-west-1
management: { accountId: "111111111111", name: security, profile: security-admin }
members:
  - { accountId: "222222222222", name: production, roleName: Auditor, externalId: an-id, sessionName: a-session }
  - { accountId: "333333333333", name: staging, profile: staging-admin }
kibana: { allowedCidrs: [] }
`;
const { config } = parseConfig(YAML);
const [production, staging] = config.members as [(typeof config.members)[0], (typeof config.members)[0]];

describe("the accounts of a configuration", () => {
  let sts: FakeSts;
  let folder = "";
  const before = { ...process.env };

  beforeAll(async () => {
    sts = await fakeSts();
    folder = mkdtempSync(join(tmpdir(), "operations-aws-"));
    const keys = (profile: string, key: string) =>
      `[${profile}]\naws_access_key_id = ${key}\naws_secret_access_key = secret\n`;
    const credentials = join(folder, "credentials");
    writeFileSync(credentials, keys("security-admin", "KEY111111111111") + keys("staging-admin", "KEY333333333333"));
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: sts.url,
      AWS_SHARED_CREDENTIALS_FILE: credentials,
      AWS_CONFIG_FILE: join(folder, "none"),
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_PROFILE: "",
    });
  });
  afterAll(() => {
    process.env = before;
    rmSync(folder, { recursive: true, force: true });
    sts.server.close();
  });
  beforeEach(() => sts.calls.splice(0));

  test("are reached by their own profile", async () => {
    await new AwsAccess(config).verify(staging);
    expect(sts.calls).toEqual([{ action: "GetCallerIdentity", key: "KEY333333333333" }]);
  });

  test("or by a role, assumed with the management account's credentials, external id and session name with it", async () => {
    await new AwsAccess(config).verify(production);
    expect(sts.calls).toEqual([
      {
        action: "AssumeRole",
        key: "KEY111111111111",
        role: "arn:aws:iam::222222222222:role/Auditor",
        externalId: "an-id",
        session: "a-session",
      },
      { action: "GetCallerIdentity", key: "KEY222222222222" },
    ]);
  });

  test("the operator role is assumed with the management account's credentials, and once for many requests", async () => {
    const { credentials } = new AwsAccess(config).operator();
    const keys = [await credentials(), await credentials()];
    expect(keys.map(({ accessKeyId }) => accessKeyId)).toEqual(["KEY111111111111", "KEY111111111111"]);
    expect(sts.calls).toMatchObject([{ role: "arn:aws:iam::111111111111:role/cloudtrail_operator" }]);
  });

  test("credentials of another account are refused before anything is read with them", async () => {
    const wrong = { ...staging, profile: "security-admin" };
    await expect(new AwsAccess(config).verify(wrong)).rejects.toThrow(
      "account 333333333333 (staging): the profile security-admin leads into the account 111111111111",
    );
  });

  test("a profile that is not there, and a role that refuses, are named", async () => {
    const access = new AwsAccess(config);
    await expect(access.verify({ ...staging, profile: "nobody" })).rejects.toThrow(/staging.*the profile nobody/);
    await expect(access.verify({ ...production, roleName: "Refused" })).rejects.toThrow(
      /222222222222 \(production\) cannot be reached by the role Refused: .*not authorized/,
    );
    await expect(access.verify({ ...production, roleName: "Refused" })).rejects.toBeInstanceOf(AccessError);
  });

  test("AWS_CA_BUNDLE that cannot be read is said at once", () => {
    expect(() => new AwsAccess(config, { AWS_CA_BUNDLE: join(folder, "none.pem") })).toThrow(
      /AWS_CA_BUNDLE.*none\.pem/,
    );
  });
});

interface Call {
  readonly action: string;
  readonly key: string;
  readonly role?: string;
  readonly externalId?: string;
  readonly session?: string;
}

interface FakeSts {
  readonly url: string;
  readonly server: Server;
  readonly calls: Call[];
}

/** An STS whose keys say of which account they are. */
async function fakeSts(): Promise<FakeSts> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const call = callOf(request, new URLSearchParams(body));
      calls.push(call);
      const refused = call.role?.endsWith("/Refused") === true;
      response.writeHead(refused ? 403 : 200, { "content-type": "text/xml" }).end(refused ? REFUSAL : answer(call));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, calls };
}

function callOf(request: IncomingMessage, form: URLSearchParams): Call {
  const key = /Credential=([^/]+)/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const action = form.get("Action")!;
  if (action !== "AssumeRole") return { action, key };
  const [role, externalId, session] = ["RoleArn", "ExternalId", "RoleSessionName"].map((name) => form.get(name));
  return { action, key, role: role!, externalId: externalId ?? undefined, session: session! };
}

const REFUSAL =
  "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not authorized</Message></Error></ErrorResponse>";

function answer({ action, key, role }: Call): string {
  const account = role?.split(":")[4] ?? key.slice(3);
  const result =
    action === "AssumeRole"
      ? `<Credentials><AccessKeyId>KEY${account}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>` +
        `<SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>`
      : `<Arn>arn:aws:iam::${account}:user/x</Arn><UserId>x</UserId><Account>${account}</Account>`;
  return `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`;
}
