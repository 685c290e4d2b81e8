import { OpensearchDomain } from "@cdktf/provider-aws/lib/opensearch-domain";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { toAction } from "../../../lambda/shipper/document";
import {
  exampleConfig,
  policyOf,
  resourceNamed,
  resourceOf,
  resourcesOf,
  statement,
  synthesizedStacks,
  synthesizedTexts,
} from "../../support/stacks";

/**
 * Everything that the article names or decides, found in what Terraform is given. One test for each; docs/article.md
 * lists them beside the article's steps.
 */

const MANAGEMENT = "111111111111";
const MEMBERS = ["222222222222", "333333333333"];
const ACCOUNTS = [MANAGEMENT, ...MEMBERS];
const REGION = "ap-northeast-1";
const BUCKET = `cloudtrail-archive-${MANAGEMENT}-${REGION}`;

const config = exampleConfig();
const texts = synthesizedTexts(config);
const stacks = synthesizedStacks(config);
const archive = stacks.archive!;
const domain = stacks.domain!;
const search = stacks.search!;
const accounts = stacks["accounts-1"]!;

/** What an account's alias makes: the article's steps are taken in each. */
function inAccount(accountId: string, type: string) {
  return resourcesOf(accounts, type).filter(({ provider }) => provider === `aws.account_${accountId}`);
}

describe("S3", () => {
  test("archive bucket", () => {
    expect(texts.archive).toHaveResourceWithProperties(S3Bucket, { bucket: BUCKET });
  });

  const policy = () => policyOf(resourceNamed(archive, "aws_s3_bucket_policy", "archive_policy").policy);

  test("bucket policy statement AWSCloudTrailAclCheck20150319", () => {
    expect(statement(policy(), "AWSCloudTrailAclCheck20150319")).toMatchObject({
      Effect: "Allow",
      Principal: { Service: "cloudtrail.amazonaws.com" },
      Action: "s3:GetBucketAcl",
      Resource: `arn:aws:s3:::${BUCKET}`,
    });
  });

  test("bucket policy statement AWSCloudTrailWrite20150319, one resource for each account", () => {
    expect(statement(policy(), "AWSCloudTrailWrite20150319")).toMatchObject({
      Effect: "Allow",
      Principal: { Service: "cloudtrail.amazonaws.com" },
      Action: "s3:PutObject",
      Resource: ACCOUNTS.map((account) => `arn:aws:s3:::${BUCKET}/AWSLogs/${account}/*`),
      Condition: { StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control" } },
    });
  });

  const rule = () =>
    (
      resourcesOf(archive, "aws_s3_bucket_lifecycle_configuration").flatMap(({ rule }) => rule) as {
        id: string;
        status: string;
        transition: { days: number; storage_class: string }[];
        expiration: { days: number }[];
      }[]
    ).find(({ id }) => id === "archive")!;

  test("lifecycle: STANDARD_IA after 30 days", () => {
    expect(rule().transition).toContainEqual({ days: 30, storage_class: "STANDARD_IA" });
  });

  test("lifecycle: GLACIER after one year", () => {
    expect(rule().transition).toContainEqual({ days: 365, storage_class: "GLACIER" });
  });

  test("lifecycle: deleted after three years", () => {
    expect(rule()).toMatchObject({ status: "Enabled", expiration: [{ days: 1095 }] });
  });
});

describe.each(ACCOUNTS)("CloudTrail in %s", (account) => {
  const [trail] = inAccount(account, "aws_cloudtrail");
  const trailRole = () =>
    resourceOf(accounts, "aws_iam_role", {
      provider: `aws.account_${account}`,
      name: "CloudTrail_CloudWatchLogs_Role",
    });
  const trailPolicy = () =>
    policyOf(
      resourceOf(accounts, "aws_iam_role_policy", {
        provider: `aws.account_${account}`,
        name: "CloudTrail_CloudWatchLogs_Role",
      }).policy,
    );
  const streams = `arn:aws:logs:${REGION}:${account}:log-group:CloudTrail/DefaultLogGroup:log-stream:${account}_CloudTrail_${REGION}*`;

  test("trail cloudtrail writes the management account's bucket", () => {
    expect(trail).toMatchObject({ name: "cloudtrail", s3_bucket_name: BUCKET });
  });

  test("trail files are validated and not encrypted by a key of the trail", () => {
    expect(trail).toMatchObject({ enable_log_file_validation: true });
    expect(trail).not.toHaveProperty("kms_key_id");
  });

  test("trail writes the log group CloudTrail/DefaultLogGroup", () => {
    const logGroup = resourceOf(accounts, "aws_cloudwatch_log_group", {
      provider: `aws.account_${account}`,
      name: "CloudTrail/DefaultLogGroup",
    });
    expect(logGroup.name).toBe("CloudTrail/DefaultLogGroup");
    expect(trail!.cloud_watch_logs_group_arn).toMatch(
      /^\$\{aws_cloudwatch_log_group\.account-\d+_log-group_\w+\.arn\}:\*$/,
    );
    expect(trail!.cloud_watch_logs_group_arn).toContain(account);
  });

  test("role CloudTrail_CloudWatchLogs_Role is CloudTrail's", () => {
    expect(policyOf(trailRole().assume_role_policy).Statement).toEqual([
      expect.objectContaining({ Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "sts:AssumeRole" }),
    ]);
  });

  test("role policy statement AWSCloudTrailCreateLogStream20141101", () => {
    expect(statement(trailPolicy(), "AWSCloudTrailCreateLogStream20141101")).toEqual({
      Sid: "AWSCloudTrailCreateLogStream20141101",
      Effect: "Allow",
      Action: ["logs:CreateLogStream"],
      Resource: [streams],
    });
  });

  test("role policy statement AWSCloudTrailPutLogEvents20141101", () => {
    expect(statement(trailPolicy(), "AWSCloudTrailPutLogEvents20141101")).toEqual({
      Sid: "AWSCloudTrailPutLogEvents20141101",
      Effect: "Allow",
      Action: ["logs:PutLogEvents"],
      Resource: [streams],
    });
  });

  test("log group retention: one week", () => {
    const logGroup = resourceOf(accounts, "aws_cloudwatch_log_group", {
      provider: `aws.account_${account}`,
      name: "CloudTrail/DefaultLogGroup",
    });
    expect(logGroup.retention_in_days).toBe(7);
  });

  test("role lambda_elasticsearch_execution of the shipper", () => {
    const role = resourceOf(accounts, "aws_iam_role", {
      provider: `aws.account_${account}`,
      name: "lambda_elasticsearch_execution",
    });
    expect(policyOf(role.assume_role_policy).Statement).toEqual([
      expect.objectContaining({ Principal: { Service: "lambda.amazonaws.com" } }),
    ]);
    expect(inAccount(account, "aws_lambda_function")[0]!.role).toContain(`account-${account}_shipper_role`);
  });

  test("subscription of the log group hands everything to the shipper", () => {
    const [filter] = inAccount(account, "aws_cloudwatch_log_subscription_filter");
    expect(filter).toMatchObject({ filter_pattern: "" });
    expect(filter!.log_group_name).toContain(`account-${account}_log-group`);
    expect(filter!.destination_arn).toContain(`account-${account}_shipper_function`);
  });
});

describe("shipper", () => {
  test("function LogsToElasticsearch_cloudtrail in the management account", () => {
    expect(inAccount(MANAGEMENT, "aws_lambda_function")).toEqual([
      expect.objectContaining({ function_name: "LogsToElasticsearch_cloudtrail" }),
    ]);
  });

  test.each(MEMBERS)("function LogsToElasticsearchEx_cloudtrail_<management account id> in member %s", (member) => {
    expect(inAccount(member, "aws_lambda_function")).toEqual([
      expect.objectContaining({ function_name: `LogsToElasticsearchEx_cloudtrail_${MANAGEMENT}` }),
    ]);
  });
});

describe("search domain", () => {
  test("domain cloudtrail", () => {
    expect(texts.domain).toHaveResourceWithProperties(OpensearchDomain, { domain_name: "cloudtrail" });
  });

  const policy = () => policyOf(resourceOf(domain, "aws_opensearch_domain_policy").access_policies);
  const arn = `arn:aws:es:${REGION}:${MANAGEMENT}:domain/cloudtrail`;

  test("access policy for the own networks", () => {
    expect(statement(policy(), "People")).toEqual({
      Sid: "People",
      Effect: "Allow",
      Principal: { AWS: "*" },
      Action: "es:ESHttp*",
      Resource: `${arn}/*`,
      Condition: { IpAddress: { "aws:SourceIp": ["203.0.113.10/32"] } },
    });
  });

  test("access policy lets lambda_elasticsearch_execution of every account post", () => {
    expect(statement(policy(), "Shippers")).toEqual({
      Sid: "Shippers",
      Effect: "Allow",
      Principal: { AWS: ACCOUNTS.map((account) => `arn:aws:iam::${account}:root`) },
      Action: "es:ESHttpPost",
      Resource: `${arn}/_bulk`,
      Condition: { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/lambda_elasticsearch_execution" } },
    });
  });
});

describe("index template", () => {
  const template = resourceOf(search, "elasticstack_elasticsearch_index_template");
  const content = template.template as { settings: string; mappings: string };

  test("index template cloudtrail for cwl-*", () => {
    expect(template).toMatchObject({ name: "cloudtrail", index_patterns: ["cwl-*"] });
  });

  test("index.mapping.total_fields.limit is 3000", () => {
    expect(JSON.parse(content.settings)).toMatchObject({ index: { mapping: { total_fields: { limit: "3000" } } } });
  });

  test("apiVersion is text", () => {
    const { properties } = JSON.parse(content.mappings) as { properties: Record<string, { type: string }> };
    expect(properties.apiVersion!.type).toBe("text");
  });

  test("a record is indexed in cwl-YYYY.MM.DD of its day", () => {
    const day = (eventTime: string) =>
      toAction(
        { id: "1", timestamp: 0, message: JSON.stringify({ eventID: "e", eventTime }) },
        { owner: MANAGEMENT, logGroup: "CloudTrail/DefaultLogGroup", logStream: "stream" },
        { ownerNames: new Map(), maxRecordAgeDays: 1095 },
        Date.parse("2026-02-01T00:00:00Z"),
      ).index;
    expect(day("2026-01-31T23:59:59Z")).toBe("cwl-2026.01.31");
  });

  test("old indices are deleted: three months stay searchable", () => {
    expect(resourceOf(search, "elasticstack_elasticsearch_index_lifecycle")).toMatchObject({
      name: "cloudtrail",
      metadata: JSON.stringify({ index_patterns: ["cwl-*"] }),
      delete: { min_age: "90d", delete: {} },
    });
  });
});

describe("Kibana", () => {
  const objects = String(resourceOf(search, "elasticstack_kibana_import_saved_objects").file_contents)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as SavedObject);
  interface SavedObject {
    id: string;
    type: string;
    attributes: Record<string, string>;
    references: { id: string }[];
  }
  const find = (type: string, id: string) => objects.find((object) => object.type === type && object.id === id)!;

  test("dashboard CloudTrail", () => {
    expect(find("dashboard", "CloudTrail").attributes.title).toBe("CloudTrail");
  });

  test.each([
    ["eventName_AreaChart", "area", "eventName.keyword", 5],
    ["errorCode_AreaChart", "area", "errorCode.keyword", 5],
    ["Region_PieChart", "pie", "awsRegion.keyword", 5],
    ["Owner_PieChart", "pie", "@owner.keyword", 10],
    ["userName_TagCloud", "tagcloud", "userIdentity.userName.keyword", 15],
    ["sessionIssuer.userName_TagCloud", "tagcloud", "userIdentity.sessionContext.sessionIssuer.userName.keyword", 10],
    ["InvokedBy_TagCloud", "tagcloud", "userIdentity.invokedBy.keyword", 20],
  ])("visualization %s", (id, type, field, size) => {
    const { attributes } = find("visualization", id);
    const state = JSON.parse(attributes.visState!) as { type: string; aggs: { params: object }[] };
    expect(attributes.title).toBe(id);
    expect(state.type).toBe(type);
    expect(state.aggs.map(({ params }) => params)).toContainEqual(expect.objectContaining({ field, size }));
    expect(find("dashboard", "CloudTrail").references).toContainEqual(expect.objectContaining({ id }));
  });

  test("visualization userName_TagCloud leaves out the excluded users", () => {
    const state = JSON.parse(find("visualization", "userName_TagCloud").attributes.visState!) as {
      aggs: { params: { exclude?: string } }[];
    };
    expect(state.aggs.map(({ params }) => params.exclude).find((exclude) => exclude !== undefined)).toContain(
      "monitoring",
    );
  });
});
