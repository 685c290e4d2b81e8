import { OpenSearchClient, UpdateDomainConfigCommand } from "@aws-sdk/client-opensearch";
import { GetRolePolicyCommand, ListRolePoliciesCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { GetBucketPolicyCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import type { Sandbox } from "../../sandbox/sandbox";
import { describeWith } from "../support/tools";
import { checkedRound, startSandbox } from "./support";

interface Policy {
  readonly Statement: readonly { readonly Sid: string }[];
}

/** Where a policy is deployed: it can be read, and another put in its place. */
interface Deployed {
  read(): Promise<Policy>;
  put(policy: Policy): Promise<void>;
}

const MANAGEMENT = "111111111111";
const MEMBER = "222222222222";

describeWith(["terraform", "java", "mvn", "python3"], "every statement of the deployed policies is needed", () => {
  let sandbox: Sandbox;
  let end: () => Promise<void> = () => Promise.resolve();
  let gatewayUrl = "";

  beforeAll(async () => {
    ({ sandbox, end } = await startSandbox());
    sandbox.synthesize();
    const results = await sandbox.deploy();
    gatewayUrl = String(results.find(({ stack }) => stack === "domain")?.outputs.gateway_url);
  });
  afterAll(() => end());

  test("with all of them in place every check is content", async () => {
    expect(await checkedRound(sandbox, gatewayUrl)).toEqual([]);
  });

  const policies: [string, () => Deployed, string[]][] = [
    [
      "the shipper's role",
      () => rolePolicy(sandbox, MEMBER, sandbox.config.names.shipperRole),
      ["WriteOwnLog", "IndexRecords", "WriteDeadLetters", "ListDeadLetters"],
    ],
    [
      "the dead-letter bucket's policy",
      () => bucketPolicy(sandbox, sandbox.config.names.deadLetterBucket),
      ["ShippersWrite", "ShippersList", "DenyInsecureTransport"],
    ],
    [
      "the domain's access policy",
      () => domainPolicy(sandbox),
      ["Shippers", "Gateway", "Operator", "OperatorPosts", "People"],
    ],
  ];

  describe.each(policies)("%s", (_, deployed, statements) => {
    test("consists of the statements that are taken out here", async () => {
      const { Statement } = await deployed().read();
      expect(Statement.map(({ Sid }) => Sid).sort()).toEqual([...statements].sort());
    });

    test.each(statements)("without %s the run fails", async (sid) => {
      const place = deployed();
      const policy = await place.read();
      await place.put({ ...policy, Statement: policy.Statement.filter(({ Sid }) => Sid !== sid) });
      try {
        expect(await checkedRound(sandbox, gatewayUrl)).not.toEqual([]);
      } finally {
        await place.put(policy);
      }
    });
  });

  test("with all of them back every check is content again", async () => {
    expect(await checkedRound(sandbox, gatewayUrl)).toEqual([]);
  });
});

function rolePolicy(sandbox: Sandbox, accountId: string, RoleName: string): Deployed {
  const { iam } = sandbox.clients(accountId);
  const name = async () => {
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    expect(PolicyNames).toHaveLength(1);
    return PolicyNames[0]!;
  };
  return {
    async read() {
      const found = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: await name() }));
      return JSON.parse(decodeURIComponent(found.PolicyDocument!)) as Policy;
    },
    async put(policy) {
      const PolicyDocument = JSON.stringify(policy);
      await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: await name(), PolicyDocument }));
    },
  };
}

function bucketPolicy(sandbox: Sandbox, Bucket: string): Deployed {
  const { s3 } = sandbox.clients(MANAGEMENT);
  return {
    async read() {
      const found = await s3.send(new GetBucketPolicyCommand({ Bucket }));
      return JSON.parse(found.Policy!) as Policy;
    },
    async put(policy) {
      await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));
    },
  };
}

function domainPolicy(sandbox: Sandbox): Deployed {
  const DomainName = sandbox.config.names.domain;
  const client = new OpenSearchClient(sandbox.clientSettings(sandbox.aws.credentialsFor(MANAGEMENT)));
  return {
    async read() {
      return (await sandbox.aws.accessPolicy(DomainName)) as Policy;
    },
    async put(policy) {
      await client.send(new UpdateDomainConfigCommand({ DomainName, AccessPolicies: JSON.stringify(policy) }));
    },
  };
}
