import { z } from "zod";
import { isCidr } from "./cidr";

/** The days that CloudWatch Logs knows. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
export const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/**
 * The engines that Amazon offers and that this project is made for: they know composable index templates and Index State
 * Management. https://docs.aws.amazon.com/opensearch-service/latest/developerguide/what-is.html#choosing-version
 */
export const ENGINE_VERSIONS = [
  "Elasticsearch_7.10",
  ...(["1.0", "1.1", "1.2", "1.3"] as const).map((version) => `OpenSearch_${version}` as const),
  ...(["2.3", "2.5", "2.7", "2.9", "2.11", "2.13", "2.15", "2.17", "2.19"] as const).map(
    (version) => `OpenSearch_${version}` as const,
  ),
  ...(["3.1", "3.3"] as const).map((version) => `OpenSearch_${version}` as const),
] as const;

/** What Amazon offers too, but what is too old for this project. */
const OLD_ENGINE_VERSIONS: readonly unknown[] = [
  ...["1.5", "2.3", "5.1", "5.3", "5.5", "5.6", "6.0", "6.2", "6.3", "6.4", "6.5", "6.7", "6.8"],
  ...["7.1", "7.4", "7.7", "7.8", "7.9"],
].map((version) => `Elasticsearch_${version}`);

const days = (minimum: number, maximum = 36_500) =>
  z
    .int(`a whole number of days from ${minimum} to ${maximum}`)
    .min(minimum, `at least ${minimum} days`)
    .max(maximum, `at most ${maximum} days`);
const text = (pattern: RegExp, message: string) => z.string(message).regex(pattern, message);

const accountId = text(/^\d{12}$/, "twelve digits, in quotes (YAML drops leading zeros of numbers)");
const roleName = text(/^[\w+=,.@-]{1,64}$/, "1 to 64 letters, digits or any of +=,.@-_");
const region = text(/^[a-z]{2}(-[a-z]+)+-\d$/, "an AWS region, for example ap-northeast-1");
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const bucketName = text(
  /^(?!xn--|sthree-|amzn-s3-demo-|[0-9.]+$)(?!.*(\.\.|-s3alias$|--ol-s3$|\.mrap$|--x-s3$|--table-s3$))[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  "3 to 63 lower-case letters, digits, dots or hyphens as S3 takes them (a letter or digit at both ends, no two dots together, no IP address, none of S3's own prefixes and suffixes)",
);
const functionName = text(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, hyphens or underscores");
const arn = (pattern: RegExp, message: string) => text(pattern, message);
// The key itself: a policy that names an alias allows nothing.
const kmsKeyArn = arn(
  /^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
  "the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>",
);
const cidr = z
  .string("a network in CIDR notation, for example 203.0.113.10/32")
  .refine(isCidr, "a network in CIDR notation without host bits, for example 203.0.113.10/32 or 2001:db8::/64");

const account = {
  accountId: accountId.describe("The account's id, in quotes."),
  name: text(/^[\w .-]{1,64}$/, "1 to 64 letters, digits, spaces or any of ._-").describe(
    "What people call the account; shown in Kibana as @owner_name.",
  ),
  profile: z
    .string("the name of a profile")
    .min(1, "the name of a profile")
    .optional()
    .describe("Profile of your AWS configuration with administrator rights in the account."),
  roleName: roleName
    .optional()
    .describe("Role in the account that is assumed with the management account's credentials, instead of a profile."),
  externalId: text(/^[\w+=,.@:/-]{2,1224}$/, "2 to 1224 letters, digits or any of +=,.@:/-_")
    .optional()
    .describe("External id that the role's trust policy demands; only with roleName."),
  sessionName: text(/^[\w+=,.@-]{2,64}$/, "2 to 64 letters, digits or any of +=,.@-_")
    .optional()
    .describe("Session name, as it appears in CloudTrail; only with roleName."),
};

const management = z
  .strictObject(account, "a map with accountId and name")
  .describe("The account that collects, archives and searches.");

const member = z.strictObject(
  {
    ...account,
    stack: z
      .int("a whole number from 1 to 999")
      .min(1, "at least 1")
      .max(999, "at most 999")
      .default(1)
      .describe(
        "Which accounts-<n> stack the account is in. Written down, because moving it later re-creates its trail.",
      ),
    state: z
      .enum(["active", "leaving"], "active or leaving")
      .default("active")
      .describe("`leaving` destroys the account's resources at the next deployment; then the entry can go."),
  },
  "a map with accountId and name",
);

const names = z
  .strictObject(
    {
      trail: text(
        /^(?!.*[._-]{2})(?![0-9.]+$)[A-Za-z0-9][\w.-]{1,126}[A-Za-z0-9]$/,
        "3 to 128 letters, digits or any of ._-, a letter or digit at both ends, no two of ._- together, no IP address",
      )
        .default("cloudtrail")
        .describe("Trail in every source account."),
      logGroup: text(/^(?!aws\/)[\w./#-]{1,512}$/, "1 to 512 letters, digits or any of ._-/#, not beginning with aws/")
        .default("CloudTrail/DefaultLogGroup")
        .describe("Log group of the trail in every source account."),
      trailRole: roleName
        .default("CloudTrail_CloudWatchLogs_Role")
        .describe("Role by which the trail writes its log group."),
      shipperRole: roleName
        .default("lambda_elasticsearch_execution")
        .describe("Execution role of the shipper function."),
      managementShipper: functionName
        .default("LogsToElasticsearch_cloudtrail")
        .describe("Shipper function in the management account."),
      memberShipper: functionName
        .optional()
        .describe("Shipper function in members; by default LogsToElasticsearchEx_cloudtrail_<management account id>."),
      domain: text(/^[a-z][a-z0-9-]{2,27}$/, "3 to 28 lower-case letters, digits or hyphens, the first a letter")
        .default("cloudtrail")
        .describe("Search domain."),
      indexTemplate: text(/^[a-z0-9][a-z0-9_.-]{0,63}$/, "1 to 64 lower-case letters, digits or any of ._-")
        .default("cloudtrail")
        .describe("Index template for cwl-*."),
      retentionPolicy: text(/^[a-z0-9][a-z0-9_.-]{0,63}$/, "1 to 64 lower-case letters, digits or any of ._-")
        .default("cloudtrail")
        .describe("Policy that deletes old indices."),
      archiveBucket: bucketName
        .optional()
        .describe("Archive bucket; by default cloudtrail-archive-<management account id>-<region>."),
      deadLetterBucket: bucketName
        .optional()
        .describe("Dead-letter bucket; by default cloudtrail-dead-letters-<management account id>-<region>."),
      operatorRole: roleName.default("cloudtrail_operator").describe("Role that operations/ works as."),
      gatewayRole: roleName.default("cloudtrail_gateway").describe("Execution role of the gateway function."),
      gatewayFunction: functionName.default("cloudtrail-gateway").describe("Gateway function and HTTP API."),
    },
    "a map of settings",
  )
  .prefault({})
  .describe("Names, the article's own by default; override one where it collides with something you have.");

const archive = z
  .strictObject(
    {
      standardIaAfterDays: days(30)
        .default(30)
        .describe("Days until an object moves to STANDARD_IA. S3 refuses fewer than 30."),
      glacierAfterDays: days(60)
        .default(365)
        .describe("Days until it moves to GLACIER, at least 30 after STANDARD_IA."),
      expireAfterDays: days(61).default(1095).describe("Days until it is deleted."),
      minimumObjectSize: z
        .enum(
          ["all_storage_classes_128K", "varies_by_storage_class"],
          "all_storage_classes_128K or varies_by_storage_class",
        )
        .default("all_storage_classes_128K")
        .describe(
          "all_storage_classes_128K leaves objects under 128 KB in STANDARD (cheaper for most); varies_by_storage_class lets small ones move to GLACIER.",
        ),
      noncurrentExpireAfterDays: days(1)
        .default(30)
        .describe("Days until a replaced or deleted version goes for good."),
      abortIncompleteUploadAfterDays: days(1).default(7).describe("Days until an unfinished upload is cleaned away."),
      forceDestroy: z
        .boolean("true or false")
        .default(false)
        .describe("true lets `destroy` delete the bucket with the evidence in it."),
      kmsKeyArn: kmsKeyArn.optional().describe("KMS key for the archive; by default S3's own encryption (SSE-S3)."),
    },
    "a map of settings",
  )
  .prefault({})
  .describe("The archive bucket: the truth, whatever happens to the index.");

const deadLetters = z
  .strictObject(
    {
      expireAfterDays: days(14).default(365).describe("Days until a dead letter is deleted."),
      forceDestroy: z
        .boolean("true or false")
        .default(false)
        .describe("true lets `destroy` delete the bucket with letters in it."),
      kmsKeyArn: kmsKeyArn.optional().describe("KMS key; by default S3's own encryption (SSE-S3)."),
    },
    "a map of settings",
  )
  .prefault({})
  .describe("The bucket for what could not be indexed.");

const logs = z
  .strictObject(
    {
      retentionDays: logRetention(7).describe(
        "Days that a trail's log group keeps its events (the index and the archive keep them longer).",
      ),
      functionRetentionDays: logRetention(30).describe("Days that the functions' own logs are kept."),
    },
    "a map of settings",
  )
  .prefault({})
  .describe("CloudWatch Logs.");

const elasticAddress = text(
  /^https:\/\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/i,
  "an address that begins with https:// and has no path, for example https://logs.es.eu-west-1.aws.found.io:443",
);

// Secrets Manager adds six characters to a name; without them a policy would name another secret.
const secretArn = arn(
  /^arn:aws[\w-]*:(secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}|ssm:[a-z0-9-]+:\d{12}:parameter\/[\w./-]+)$/,
  "the whole ARN of a secret of Secrets Manager or of a parameter of SSM",
);

const elastic = z
  .strictObject(
    {
      elasticsearch: elasticAddress.describe("Address of Elasticsearch, for shippers and Terraform."),
      kibana: elasticAddress.describe("Address of Kibana, for Terraform."),
      apiKeyArn: secretArn.describe(
        "Secret or SSM parameter with the shippers' API key; it is read by each shipper and nowhere else kept.",
      ),
      operatorApiKeyArn: secretArn
        .optional()
        .describe("The same with the key of the commands in operations/, which also read; by default the shippers'."),
      apiKeyKmsKeyArn: kmsKeyArn
        .optional()
        .describe("KMS key that encrypts it; other accounts can read it only with a key of your own."),
      replicas: z
        .int("a whole number from 0 to 2")
        .min(0, "at least 0")
        .max(2, "at most 2")
        .default(1)
        .describe("Copies of each index; 0 for a single node."),
    },
    "a map with elasticsearch, kibana and apiKeyArn",
  )
  .optional()
  .describe("Your Elastic Stack; only with target: elastic.");

const search = z
  .strictObject(
    {
      target: z
        .enum(["aws", "elastic"], "aws or elastic")
        .default("aws")
        .describe(
          "Where the index is: an Amazon OpenSearch Service domain that this project makes (aws), or an Elastic Stack of yours (elastic).",
        ),
      engineVersion: z
        .enum(ENGINE_VERSIONS, {
          error: ({ input }) =>
            OLD_ENGINE_VERSIONS.includes(input)
              ? `one that this project is made for (this one is too old): ${ENGINE_VERSIONS.join(", ")}`
              : `one of ${ENGINE_VERSIONS.join(", ")}`,
        })
        .default("Elasticsearch_7.10")
        .describe(
          "Engine of the domain. Elasticsearch_7.10 is the last with Kibana (AWS standard support until 2027-11-07).",
        ),
      instanceType: text(
        /^[a-z0-9]+\.(\d*x?large|nano|micro|small|medium)\.search$/,
        "an instance type of OpenSearch Service (all end with .search), such as t3.medium.search or r6g.large.search",
      )
        .default("t3.medium.search")
        .describe("Instance type of the data nodes."),
      instanceCount: z
        .int("a whole number from 1 to 80")
        .min(1, "at least 1")
        .max(80, "at most 80")
        .default(2)
        .describe("Data nodes."),
      zoneAwareness: z
        .boolean("true or false")
        .default(true)
        .describe(
          "Whether nodes and replicas are spread over two availability zones (three where the count is a multiple of three).",
        ),
      volumeSizeGib: z
        .int("a whole number of GiB from 10 to 24576")
        .min(10, "at least 10 GiB")
        .max(24_576, "at most 24576 GiB")
        .default(100)
        .describe("gp3 volume of each node, in GiB."),
      retentionDays: days(1, 3650)
        .default(90)
        .describe("Days that an index stays searchable, counted from its creation."),
      gateway: z
        .enum(["api", "local"], "api or local")
        .default("api")
        .describe(
          "How Terraform's elasticstack provider reaches the domain: by an HTTP API (api), or by a local server that `npm run deploy` starts (local).",
        ),
      gatewayAllowedCidrs: z
        .array(cidr, "a list of networks")
        .default([])
        .describe("Networks that may use the gateway; empty: any network with the token."),
      principalArnCondition: z
        .boolean("true or false")
        .default(true)
        .describe(
          "Whether the domain's access policy restricts members to the shipper's role by aws:PrincipalArn; false only if your domain does not honour it.",
        ),
      elastic,
    },
    "a map of settings",
  )
  .prefault({})
  .describe("Where the index is, and the search domain.");

const shipper = z
  .strictObject(
    {
      memoryMb: z
        .int("a whole number of MB from 128 to 10240")
        .min(128, "at least 128 MB")
        .max(10_240, "at most 10240 MB")
        .default(256)
        .describe("Memory of the shipper function, in MB; CPU grows with it."),
      timeoutSeconds: z
        .int("a whole number of seconds from 30 to 900")
        .min(30, "at least 30 seconds")
        .max(900, "at most 900 seconds")
        .default(300)
        .describe("Time limit of one invocation, in seconds."),
      reservedConcurrency: z
        .int("a whole number from 1 to 1000")
        .min(1, "at least 1")
        .max(1000, "at most 1000")
        .optional()
        .describe(
          "Reserved concurrency of the shipper in each account; none by default (new accounts have ten in all).",
        ),
    },
    "a map of settings",
  )
  .prefault({})
  .describe("The function that carries records into the index.");

const kibana = z
  .strictObject(
    {
      allowedCidrs: z
        .array(cidr, "a list of networks")
        .describe("Networks from which people reach Kibana, without a login. [] is nobody."),
      excludedUsers: z
        .array(z.string("a user name").min(1, "a user name").max(256, "at most 256 characters"), "a list of user names")
        .default([])
        .describe("User names left out of the user panels, such as a monitoring user."),
      importSavedObjects: z
        .boolean("true or false")
        .default(true)
        .describe(
          "Whether Terraform imports dashboards and searches; false where a domain refuses it, then import the output of `npm run saved-objects` by hand.",
        ),
    },
    "a map with allowedCidrs, the networks from which people reach Kibana ([] is nobody)",
  )
  .describe("Who sees what in Kibana.");

const operations = z
  .strictObject(
    {
      principals: z
        .array(
          arn(
            /^arn:aws[\w-]*:(iam|sts)::\d{12}:(root|user\/[\w+=,.@/-]+|role\/[\w+=,.@/-]+|assumed-role\/[\w+=,.@/-]+)$/,
            "the ARN of a role, a user or an account root",
          ),
          "a list of ARNs",
        )
        .default([])
        .describe("Who may assume the operator role; [] is nobody."),
      alarmTopicArn: arn(/^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/, "the ARN of an SNS topic")
        .optional()
        .describe(
          "SNS topic that alarms notify. Its policy must let cloudwatch.amazonaws.com of every source account publish.",
        ),
    },
    "a map of settings",
  )
  .prefault({})
  .describe("People and alarms.");

const backend = z
  .discriminatedUnion(
    "type",
    [
      z.strictObject({
        type: z.literal("local"),
        folder: z
          .string("a folder")
          .min(1, "a folder")
          .optional()
          .describe("Folder of the state files; by default the project's."),
      }),
      z.strictObject({
        type: z.literal("s3"),
        bucket: bucketName.describe("Bucket of the state files."),
        keyPrefix: text(/^[\w!.*'()/-]{1,900}$/, "1 to 900 letters, digits or any of !-_.*'()/")
          .default("cloudtrail")
          .describe("Prefix of their keys."),
        region: region.describe("Region of the bucket."),
        profile: z.string("the name of a profile").optional().describe("Profile that reaches the bucket."),
        lockTable: z
          .string("the name of a table")
          .regex(/^[\w.-]{3,255}$/, "3 to 255 letters, digits or any of ._-")
          .optional()
          .describe("DynamoDB table for locks; without it S3's own lock file is used (Terraform 1.10 or later)."),
        kmsKeyId: z
          .string("the id or the ARN of a key")
          .min(1, "the id or the ARN of a key")
          .optional()
          .describe("KMS key of the state files."),
      }),
      z.strictObject({
        type: z.literal("cloud"),
        organization: z
          .string("the organisation's name")
          .min(1, "the organisation's name")
          .describe("Terraform Cloud organisation."),
        hostname: z
          .string("a host name")
          .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?$/i, "a host name without https://")
          .optional()
          .describe("Host of Terraform Enterprise; by default app.terraform.io."),
        workspacePrefix: z
          .string("letters, digits or any of _-")
          .regex(/^[\w-]{1,70}$/, "1 to 70 letters, digits or any of _-")
          .default("cloudtrail-")
          .describe("Prefix of the workspaces' names: one for each stack."),
        project: z.string("a project").optional().describe("Terraform Cloud project of the workspaces."),
      }),
    ],
    "local, s3 or cloud",
  )
  .prefault({ type: "local" })
  .describe("Where Terraform keeps its state.");

const terraform = z
  .strictObject(
    {
      backend,
      accountsPerStack: z
        .int("a whole number from 1 to 25")
        .min(1, "at least 1")
        .max(25, "at most 25 (each account is a provider process of about 0.1 GB)")
        .default(10)
        .describe("How many members an accounts-<n> stack takes at most."),
    },
    "a map of settings",
  )
  .prefault({})
  .describe("Terraform.");

/** What a user may write. Every default is filled in by parsing. */
export const configSchema = z
  .strictObject(
    {
      region: region.describe("Region of everything; the trails cover all regions."),
      management,
      members: z.array(member, "a list of accounts").default([]).describe("The other accounts with a trail."),
      names,
      archive,
      deadLetters,
      logs,
      search,
      shipper,
      kibana,
      operations,
      terraform,
      tags: z
        .record(
          text(
            /^(?![aA][wW][sS]:)[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$/u,
            "1 to 128 letters, digits, spaces or any of _.:/=+-@, not beginning with aws:",
          ),
          text(
            /^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u,
            "a text of at most 256 letters, digits, spaces or any of _.:/=+-@",
          ),
          "a map of texts",
        )
        .default({})
        .describe("Tags of every resource."),
    },
    "a map of settings",
  )
  .describe("CloudTrail of every account, archived in one bucket and searchable in one Kibana.");

function logRetention(byDefault: (typeof LOG_RETENTION_DAYS)[number]) {
  return z
    .literal(LOG_RETENTION_DAYS, `one of the days that CloudWatch Logs knows: ${LOG_RETENTION_DAYS.join(", ")}`)
    .default(byDefault);
}

type Parsed = z.output<typeof configSchema>;

/** Every name, those that depend on the management account and the region filled in. */
export type Names = Required<Parsed["names"]>;

/** A valid configuration with every default filled in. */
export type Config = Omit<Parsed, "names"> & { readonly names: Names };

export type Account = Parsed["management"];
export type Member = Parsed["members"][number];
export type Backend = Parsed["terraform"]["backend"];
export type Elastic = NonNullable<Parsed["search"]["elastic"]>;

/** Fills in the names that depend on the management account and the region. */
export function withNames(parsed: Parsed): Config {
  const id = parsed.management.accountId;
  const { memberShipper, archiveBucket, deadLetterBucket, ...names } = parsed.names;
  return {
    ...parsed,
    names: {
      ...names,
      memberShipper: memberShipper ?? `LogsToElasticsearchEx_cloudtrail_${id}`,
      archiveBucket: archiveBucket ?? `cloudtrail-archive-${id}-${parsed.region}`,
      deadLetterBucket: deadLetterBucket ?? `cloudtrail-dead-letters-${id}-${parsed.region}`,
    },
  };
}
