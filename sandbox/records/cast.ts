import {
  identityCenterUser,
  iamUser,
  roleSession,
  rootUser,
  samlUser,
  serviceInRole,
  uniqueId,
  webIdentity,
  type Caller,
  type Origin,
} from "./callers";
import type { Dice } from "./dice";

export interface NamedAccount {
  readonly accountId: string;
  readonly name: string;
}

/** Addresses are those that are kept free for documentation (RFC 5737, RFC 3849). */
export const OFFICE = "203.0.113.10";
const BUILD_SERVER = "203.0.113.80";
const HOMES = ["192.0.2.18", "192.0.2.77", "192.0.2.141", "2001:db8:4:17::1c2"] as const;

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const CLI =
  "aws-cli/2.27.41 md/awscrt#0.26.1 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.4 cfg/retry-mode#standard";
const TERRAFORM =
  "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 terraform-provider-aws/5.100.0 aws-sdk-go-v2/1.36.3 os/linux lang/go#1.23.8";
const BOTO =
  "Boto3/1.38.46 md/Botocore#1.38.46 ua/2.1 os/linux#5.10.236 md/arch#aarch64 lang/python#3.12.9 exec-env/AWS_Lambda_python3.12";
const JAVA = "aws-sdk-java/2.31.63 ua/2.1 os/Linux#6.1.134 lang/java#21.0.7 md/OpenJDK_64-Bit_Server_VM#21.0.7+6-LTS";
const AGENT = "aws-sdk-go/1.55.5 (go1.23.7; linux; amd64) amazon-ssm-agent/3.3.1957.0";

/** The people of Identity Center, the same in every account. */
const PEOPLE = ["mayu.sato", "daniel.weber", "amara.okafor", "lucia.rossi"] as const;
const DIRECTORY_STORE = "d-9567a1b2c3";

/** Who works in one account. The same account always has the same cast. */
export class Cast {
  readonly accountId: string;
  readonly instances: readonly [string, ...string[]];

  constructor(
    readonly account: NamedAccount,
    readonly management: NamedAccount,
    private readonly morning: Date,
    private readonly dice: Dice,
  ) {
    this.accountId = account.accountId;
    const ids = Array.from({ length: 4 }, (_, at) => {
      const letters = uniqueId("", `${account.accountId} instance ${at}`).toLowerCase();
      return `i-0${Buffer.from(letters).toString("hex").slice(0, 16)}`;
    });
    this.instances = ids as [string, ...string[]];
  }

  /** Somebody who came through Identity Center, from the office or from home. */
  person(): Caller {
    const at = this.dice.int(0, PEOPLE.length - 1);
    const role =
      at === 0 ? "AWSReservedSSO_AdministratorAccess_1f2e3d4c5b6a7980" : "AWSReservedSSO_Developers_90ab12cd34ef5678";
    const address = this.dice.chance(0.7) ? OFFICE : HOMES[at]!;
    return this.session(
      role,
      `${PEOPLE[at]!}@example.com`,
      { address, agent: this.dice.chance(0.6) ? FIREFOX : CLI },
      true,
    );
  }

  /** The person who looks after security, in this account. */
  administrator(): Caller {
    const role = "AWSReservedSSO_AdministratorAccess_1f2e3d4c5b6a7980";
    return this.session(role, `${PEOPLE[0]}@example.com`, { address: OFFICE, agent: FIREFOX }, true);
  }

  /** A person before a role is chosen. */
  signingIn(): Caller {
    const at = this.dice.int(0, PEOPLE.length - 1);
    const userId = uniqueId("", PEOPLE[at]!).toLowerCase();
    return identityCenterUser(this.accountId, userId, DIRECTORY_STORE, { address: OFFICE, agent: FIREFOX });
  }

  /** Users of IAM that are left from before Identity Center. */
  oldTimer(): Caller {
    const userName = this.dice.pick(["hanako", "piotr"]);
    return iamUser(this.accountId, userName, { address: OFFICE, agent: FIREFOX }, { mfa: true, since: this.morning });
  }

  /** The user whose name stands in `kibana.excludedUsers`: it calls so often that nothing else would be seen. */
  monitoring(): Caller {
    return iamUser(this.accountId, "monitoring", { address: "203.0.113.200", agent: JAVA });
  }

  /** The user that nightly copies are made as; its key lies on a server. */
  backup(): Caller {
    return iamUser(this.accountId, "backup", { address: "203.0.113.90", agent: CLI });
  }

  /** The user of the old build server. */
  buildServer(): Caller {
    return iamUser(this.accountId, "build-server", { address: BUILD_SERVER, agent: TERRAFORM });
  }

  root(): Caller {
    return rootUser(this.accountId, { address: OFFICE, agent: FIREFOX }, { mfa: true, since: this.morning });
  }

  /** A pipeline, before it has a role. */
  pipelineToken(): Caller {
    const provider = `arn:aws:iam::${this.accountId}:oidc-provider/token.actions.githubusercontent.com`;
    return webIdentity(provider, "repo:example/shop:ref:refs/heads/main", { address: "198.51.100.20", agent: JAVA });
  }

  pipeline(): Caller {
    const context = {
      webIdFederationData: {
        federatedProvider: `arn:aws:iam::${this.accountId}:oidc-provider/token.actions.githubusercontent.com`,
        attributes: {},
      },
    };
    return this.session("deployment", "GitHubActions", { address: "198.51.100.20", agent: TERRAFORM }, false, context);
  }

  /** Somebody of the accountants, who have a directory of their own. */
  accountant(): Caller {
    return samlUser(this.accountId, "books", "ingrid@books.example", { address: "192.0.2.200", agent: FIREFOX });
  }

  /** A program on a virtual machine. */
  instance(id = this.dice.pick(this.instances)): Caller {
    const agent = this.dice.chance(0.5) ? AGENT : JAVA;
    return this.session(
      "application",
      id,
      { address: `10.0.${this.dice.int(1, 3)}.${this.dice.int(10, 200)}`, agent },
      false,
      {
        ec2RoleDelivery: "2.0",
        ec2IssuedInVpc: "vpc-0a1b2c3d4e5f60718",
      },
    );
  }

  /** A function. */
  lambda(): Caller {
    const name = this.dice.pick(["orders", "thumbnails", "invoices", "nightly-report"]);
    const caller = this.session(
      `${name}-role`,
      name,
      { address: `198.51.100.${this.dice.int(30, 60)}`, agent: BOTO },
      false,
    );
    const scope = {
      issuerType: "AWS::Lambda::Function",
      credentialsIssuedTo: `arn:aws:lambda:ap-northeast-1:${this.accountId}:function:${name}`,
    };
    return { ...caller, userIdentity: { ...caller.userIdentity, inScopeOf: scope } };
  }

  /** A service that works with its service-linked role. */
  linkedService(): Caller {
    const [service, role, session] = this.dice.pick<readonly [string, string, string]>([
      ["autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling", "AutoScaling"],
      ["ecs.amazonaws.com", "AWSServiceRoleForECS", "ecs-service-scheduler"],
      ["elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing", "ElasticLoadBalancing"],
      ["config.amazonaws.com", "AWSServiceRoleForConfig", "AWSConfig-Describe"],
      ["rds.amazonaws.com", "AWSServiceRoleForRDS", "RdsSession"],
      ["trustedadvisor.amazonaws.com", "AWSServiceRoleForTrustedAdvisor", "TrustedAdvisor"],
    ]);
    return serviceInRole(this.accountId, service, role, session, this.morning);
  }

  /** The role that the management account's automation works with in every account. */
  auditor(): Caller {
    return this.session("audit", "compliance-scan", { address: "198.51.100.9", agent: BOTO }, false);
  }

  /** A session of a role. */
  session(role: string, name: string, origin: Origin, mfa: boolean, context?: object): Caller {
    const path = role.startsWith("AWSReservedSSO_") ? "/aws-reserved/sso.amazonaws.com/" : "/";
    return roleSession(this.accountId, role, name, origin, { since: this.morning, mfa, path, context });
  }
}
