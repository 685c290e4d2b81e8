import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CloudTrailClient,
  CreateTrailCommand,
  DeleteTrailCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from "@aws-sdk/client-cloudtrail";
import {
  DeleteSubscriptionFilterCommand,
  DescribeSubscriptionFiltersCommand,
  PutSubscriptionFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateBucketCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { stringify } from "yaml";
import { runDoctor } from "../../sandbox/checks";
import type { Sandbox } from "../../sandbox/sandbox";
import { describeWith } from "../support/tools";
import { putRound, startSandbox } from "./support";

/** Puts something out of order. @returns what puts it right again */
type Plant = () => Promise<() => Promise<unknown>>;

const PRODUCTION = "222222222222";
const STAGING = "333333333333";
const DAY_MS = 86_400_000;

describeWith(["terraform", "java", "mvn", "python3"], "doctor", () => {
  let sandbox: Sandbox;
  let end: () => Promise<void> = () => Promise.resolve();
  let gatewayUrl = "";

  beforeAll(async () => {
    ({ sandbox, end } = await startSandbox());
    sandbox.synthesize();
    const results = await sandbox.deploy();
    gatewayUrl = String(results.find(({ stack }) => stack === "domain")?.outputs.gateway_url);
    await putRound(sandbox, 1);
  });
  afterAll(() => end());

  test("reports nothing where all is well", async () => {
    const { code, report } = await runDoctor(sandbox);
    expect(report).toMatchObject({ findings: [], notLookedAt: [] });
    expect(code).toBe(0);
    expect(report.indices).toEqual([
      expect.objectContaining({ index: today(), policy: "cloudtrail", documents: 3, goes: dayIn(90), late: false }),
    ]);
    expect(report.accounts.map(({ name, trail }) => [name, trail?.isLogging])).toEqual([
      ["security", true],
      ["production", true],
      ["staging", true],
    ]);
  });

  const plants: [string, string, Plant, RegExp][] = [
    ["policy-missing", "cloudtrail", deletePolicy, /no index is deleted after 90 days/],
    ["policy-changed", "cloudtrail", changePolicy, /is 900d, not 90d/],
    ["index-unmanaged", today(), detachIndex, /stays for ever/],
    ["index-late", indexOf(10), makeIndexLate, new RegExp(`made on ${dayIn(0)}.*deleted on ${dayIn(90)}`)],
    ["template-changed", "cloudtrail", changeTemplate, /field eventName: type is .*, not text/],
    ["mapping-behind", today(), takeFieldFromToday, /lacks errorCode/],
    ["saved-object-missing", "CloudTrail", deleteDashboard, /dashboard CloudTrail is missing/],
    ["saved-object-changed", "Region_PieChart", changePanel, /visState\.type is histogram, not pie/],
    ["trail-stopped", "production", stopTrail, /the trail cloudtrail is stopped, since .* UTC/],
    ["trail-doubled", "production", addTrail, /trail\/old-one logs management events as well/],
    ["subscription-missing", "staging", deleteSubscription, /has no subscription by LogsToElasticsearchEx_/],
    ["account-silent", "production", silence, /newest record in the index is of/],
    ["disk-too-small", "domain", shrinkDisk, /90 days at .* need .*, and the domain has 1\.0 MiB/],
  ];

  test.each(plants)("names %s of %s, and nothing else", async (code, subject, plant, message) => {
    const undo = await plant();
    try {
      const run = await runDoctor(sandbox);
      expect(run.report).toMatchObject({
        findings: [{ code, subject, message: expect.stringMatching(message) as string }],
        notLookedAt: [],
      });
      expect(run.code).toBe(1);
    } finally {
      await undo();
    }
  });

  test("reports nothing again once all of it is put right", async () => {
    const { code, report } = await runDoctor(sandbox);
    expect({ code, findings: report.findings }).toEqual({ code: 0, findings: [] });
  });

  test("says what it could not look at, and looks at the rest", async () => {
    const file = join(sandbox.folder, "wrong-profile.yaml");
    const [production, staging] = sandbox.config.members;
    writeFileSync(file, stringify({ ...configuration(), members: [production, { ...staging, profile: "nobody" }] }));
    const { code, report } = await runDoctor(sandbox, { CLOUDTRAIL_CONFIG: file });
    expect(report.notLookedAt).toEqual([
      { what: "the account staging", reason: expect.stringContaining("the profile nobody") as string },
    ]);
    expect(report.accounts.map(({ name }) => name)).toEqual(["security", "production"]);
    expect(code).toBe(2);
  });

  /** What of the sandbox's configuration differs from the defaults. */
  function configuration(): object {
    const { region, management, search, kibana, operations } = sandbox.config;
    return {
      region,
      management,
      search: { engineVersion: search.engineVersion, instanceCount: 1, zoneAwareness: false },
      kibana,
      operations,
    };
  }

  // ------------------------------------------------------------------ retention

  async function deletePolicy() {
    const policy = await throughGateway("GET", "/es/_ilm/policy/cloudtrail");
    await byPeople("DELETE", "_opendistro/_ism/policies/cloudtrail");
    return () => throughGateway("PUT", "/es/_ilm/policy/cloudtrail", { policy: ilmOf(policy) });
  }

  async function changePolicy() {
    const policy = await throughGateway("GET", "/es/_ilm/policy/cloudtrail");
    const path = "_opendistro/_ism/policies/cloudtrail";
    const found = (await byPeople("GET", path)) as { _seq_no: number; _primary_term: number; policy: object };
    const changed = JSON.parse(JSON.stringify(found.policy).replaceAll('"90d"', '"900d"')) as object;
    const condition = `if_seq_no=${found._seq_no}&if_primary_term=${found._primary_term}`;
    await byPeople("PUT", `${path}?${condition}`, { policy: changed });
    return () => throughGateway("PUT", "/es/_ilm/policy/cloudtrail", { policy: ilmOf(policy) });
  }

  function ilmOf(answer: unknown): object {
    return (answer as { cloudtrail: { policy: object } }).cloudtrail.policy;
  }

  async function detachIndex() {
    await byPeople("POST", `_opendistro/_ism/remove/${today()}`);
    return () => byPeople("POST", `_opendistro/_ism/add/${today()}`, { policy_id: "cloudtrail" });
  }

  async function makeIndexLate() {
    await engine("PUT", indexOf(10));
    return () => engine("DELETE", indexOf(10));
  }

  // ------------------------------------------------------------------ template and mapping

  async function changeTemplate() {
    interface Answer {
      index_templates: { index_template: { template: { mappings: { properties: Record<string, object> } } } }[];
    }
    const path = "/_index_template/cloudtrail";
    const { index_templates } = (await engine("GET", path)) as Answer;
    const template = index_templates[0]!.index_template;
    const changed = structuredClone(template);
    changed.template.mappings.properties.eventName = { type: "keyword" };
    await engine("PUT", path, changed);
    return () => engine("PUT", path, template);
  }

  async function takeFieldFromToday() {
    const found = (await engine("GET", `/${today()}/_search?size=100`)) as { hits: { hits: Hit[] } };
    await engine("DELETE", today());
    // What the template gives cannot be taken away, so the index is made before its pattern is one of the template's.
    const { index_templates } = (await engine("GET", "/_index_template/cloudtrail")) as {
      index_templates: { index_template: { template: { mappings: { properties: Record<string, object> } } } }[];
    };
    const template = index_templates[0]!.index_template;
    const former = structuredClone(template);
    delete former.template.mappings.properties.errorCode;
    await engine("PUT", "/_index_template/cloudtrail", former);
    await engine("PUT", today());
    await engine("PUT", "/_index_template/cloudtrail", template);
    await index(found.hits.hits);
    return async () => {
      await engine("DELETE", today());
      await index(found.hits.hits);
    };
  }

  // ------------------------------------------------------------------ Kibana

  async function deleteDashboard() {
    const path = "/.kibana/_doc/dashboard:CloudTrail";
    const { _source } = (await engine("GET", path)) as { _source: object };
    await byPeople("DELETE", "_plugin/kibana/api/saved_objects/dashboard/CloudTrail");
    return () => engine("PUT", `${path}?refresh=true`, _source);
  }

  async function changePanel() {
    interface Source {
      object: { attributes: { visState: string } };
    }
    const path = "/.kibana/_doc/visualization:Region_PieChart";
    const { _source } = (await engine("GET", path)) as { _source: Source };
    const changed = structuredClone(_source);
    const { attributes } = changed.object;
    attributes.visState = attributes.visState.replace('"type":"pie"', '"type":"histogram"');
    await engine("PUT", `${path}?refresh=true`, changed);
    return () => engine("PUT", `${path}?refresh=true`, _source);
  }

  // ------------------------------------------------------------------ accounts

  async function stopTrail() {
    const client = new CloudTrailClient(sandbox.clientSettings(sandbox.aws.credentialsFor(PRODUCTION)));
    const Name = sandbox.config.names.trail;
    await client.send(new StopLoggingCommand({ Name }));
    return () => client.send(new StartLoggingCommand({ Name }));
  }

  async function addTrail() {
    const client = new CloudTrailClient(sandbox.clientSettings(sandbox.aws.credentialsFor(PRODUCTION)));
    const { s3 } = sandbox.clients(PRODUCTION);
    const [Bucket, Name] = ["an-old-trails-bucket", "old-one"];
    await s3.send(new CreateBucketCommand({ Bucket }));
    const statement = (Action: string, Resource: string) => ({
      ...{ Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" } },
      ...{ Action, Resource },
    });
    const Statement = [
      statement("s3:GetBucketAcl", `arn:aws:s3:::${Bucket}`),
      statement("s3:PutObject", `arn:aws:s3:::${Bucket}/*`),
    ];
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    await client.send(new CreateTrailCommand({ Name, S3BucketName: Bucket }));
    await client.send(new StartLoggingCommand({ Name }));
    return () => client.send(new DeleteTrailCommand({ Name }));
  }

  async function deleteSubscription() {
    const { logs } = sandbox.clients(STAGING);
    const logGroupName = sandbox.config.names.logGroup;
    const { subscriptionFilters } = await logs.send(new DescribeSubscriptionFiltersCommand({ logGroupName }));
    const { filterName, destinationArn } = subscriptionFilters![0]!;
    await logs.send(new DeleteSubscriptionFilterCommand({ logGroupName, filterName }));
    const again = { logGroupName, filterName, destinationArn, filterPattern: "" };
    return () => logs.send(new PutSubscriptionFilterCommand(again));
  }

  async function silence() {
    const query = { query: { term: { "@owner.keyword": PRODUCTION } } };
    const found = (await engine("POST", "/cwl-*/_search?size=100", query)) as { hits: { hits: Hit[] } };
    const eventTime = new Date(Date.now() - 2 * DAY_MS).toISOString();
    await index(found.hits.hits.map((hit) => ({ ...hit, _source: { ...hit._source, eventTime } })));
    return () => index(found.hits.hits);
  }

  function shrinkDisk() {
    sandbox.domain.setVolume(1024 ** 2);
    return Promise.resolve(() => {
      sandbox.domain.setVolume(sandbox.config.search.volumeSizeGib * 1024 ** 3);
      return Promise.resolve();
    });
  }

  // ------------------------------------------------------------------ ways in

  interface Hit {
    readonly _index: string;
    readonly _id: string;
    readonly _source: object;
  }

  async function index(hits: readonly Hit[]): Promise<void> {
    for (const { _index, _id, _source } of hits) await engine("PUT", `/${_index}/_doc/${_id}?refresh=true`, _source);
  }

  /** The engine itself, behind all doors. */
  async function engine(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${sandbox.engine.url}/${path.replace(/^\//, "")}`, {
      method,
      headers: { "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    return answered(`${method} ${path}`, response.status, await response.text());
  }

  async function byPeople(method: string, path: string, body?: object): Promise<unknown> {
    const url = `https://${await sandbox.peoplesDoor()}/${path}`;
    const headers = { "content-type": "application/json", "kbn-xsrf": "true" };
    const { status, text } = await sandbox.client.fetch(url, { method, headers, body: body && JSON.stringify(body) });
    return answered(`${method} ${path}`, status, text);
  }

  async function throughGateway(method: string, path: string, body?: object): Promise<unknown> {
    const authorization = `Basic ${Buffer.from(`terraform:${sandbox.token}`).toString("base64")}`;
    const { status, text } = await sandbox.client.fetch(`${gatewayUrl}${path}`, {
      method,
      headers: { authorization, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    return answered(`${method} ${path}`, status, text);
  }
});

function answered(what: string, status: number, text: string): unknown {
  if (status >= 300) throw new Error(`${what} was answered with ${status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

function today(): string {
  return indexOf(0);
}

function indexOf(daysAgo: number): string {
  return `cwl-${dayIn(-daysAgo).replaceAll("-", ".")}`;
}

function dayIn(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
}
