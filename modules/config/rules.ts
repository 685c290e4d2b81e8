import { addUpToTheInternet, isDocumentationCidr, isPrivateCidr } from "./cidr";
import type { Path } from "./path";
import type { Problem } from "./problems";
import type { Account, Config } from "./schema";

/** What is wrong between values, before its place is looked up in the file. */
export interface RuleProblem extends Omit<Problem, "path" | "line"> {
  readonly path: Path;
  /** The values that it follows from; a value that is wrong by itself proves nothing. By default the path's own. */
  readonly follows?: readonly Path[];
}

type Rule = (config: Config) => readonly RuleProblem[];

const RULES: readonly Rule[] = [
  accountsOnce,
  credentials,
  profilesOnce,
  roomInStacks,
  lifecycle,
  instances,
  zones,
  volumes,
  networks,
  target,
  distinctNames,
  noLogLoop,
  sameRegion,
  tags,
];

/** What no single value shows: rules that hold two or more values of a configuration together. */
export function crossProblems(config: Config): RuleProblem[] {
  return RULES.flatMap((rule) => rule(config));
}

/** What is allowed but probably not meant. */
export function warnings(config: Config): string[] {
  const { search, archive, kibana, terraform, members, management, operations } = config;
  const cidrs = [...kibana.allowedCidrs, ...search.gatewayAllowedCidrs];
  const documentation = cidrs.filter(isDocumentationCidr);
  const unseen = cidrs.filter((cidr) => isPrivateCidr(cidr) && !documentation.includes(cidr));
  const names = [management, ...members].map(({ name }) => name);
  const sameName = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  return [
    search.retentionDays < 90
      ? `search.retentionDays is ${search.retentionDays}: fewer than 90 searchable days leave little to investigate with`
      : "",
    archive.expireAfterDays < 365
      ? `archive.expireAfterDays is ${archive.expireAfterDays}: fewer than 365 archived days leave little evidence`
      : "",
    unseen.length > 0
      ? `${unseen.join(", ")} can never match: a public endpoint does not see private addresses (kibana.allowedCidrs, search.gatewayAllowedCidrs)`
      : "",
    documentation.length > 0
      ? `${documentation.join(", ")} is nobody's network, only an example's: put in your own (kibana.allowedCidrs, search.gatewayAllowedCidrs)`
      : "",
    search.target === "aws" && kibana.allowedCidrs.length === 0
      ? "kibana.allowedCidrs is empty: nobody reaches Kibana"
      : "",
    search.target === "elastic" && kibana.allowedCidrs.length > 0
      ? "kibana.allowedCidrs has no meaning with search.target: elastic: your Elastic Stack decides who gets in"
      : "",
    sameName.length > 0
      ? `more than one account is called ${sameName.join(", ")}: Kibana shows the name, so panels cannot tell them apart`
      : "",
    search.gateway === "local" && terraform.backend.type === "cloud"
      ? "search.gateway is local: Terraform Cloud's workers do not reach it, only workspaces with local execution do"
      : "",
    search.target === "aws" && search.gateway === "local" && operations.principals.length === 0
      ? "operations.principals is empty: nobody may become the operator role, as which the local gateway works (search.gateway)"
      : "",
  ].filter((warning) => warning !== "");
}

function accountsOnce({ management, members }: Config): RuleProblem[] {
  const seen = new Map<string, string>([[management.accountId, "management.accountId"]]);
  return members.flatMap(({ accountId }, index) => {
    const first = seen.get(accountId);
    if (first === undefined) {
      seen.set(accountId, `members[${index}].accountId`);
      return [];
    }
    const message =
      first === "management.accountId"
        ? "the management account is a source account by itself and cannot be a member too"
        : `an account may be listed once; it is already ${first}`;
    return [{ path: ["members", index, "accountId"], value: accountId, message, remedy: "Remove this entry" }];
  });
}

/** Every account with its place in the file. */
function listed({ management, members }: Config): [Path, Account][] {
  return [
    [["management"], management],
    ...members.map((member, index): [Path, Account] => [["members", index], member]),
  ];
}

function credentials(config: Config): RuleProblem[] {
  const inCloud = config.terraform.backend.type === "cloud";
  return listed(config).flatMap(([path, account]) => {
    const { profile, roleName } = account;
    const follows = [
      [...path, "profile"],
      [...path, "roleName"],
    ];
    const problems: RuleProblem[] = [];
    if (profile !== undefined && roleName !== undefined) {
      problems.push({
        path,
        follows,
        message: "profile and roleName exclude each other",
        remedy: "Keep the one that is meant",
      });
    }
    if (profile !== undefined && inCloud) {
      problems.push({
        path: [...path, "profile"],
        follows: [
          [...path, "profile"],
          ["terraform", "backend", "type"],
        ],
        value: profile,
        message: "Terraform Cloud has no profiles",
        remedy:
          path[0] === "management"
            ? "Remove it and give the workspaces dynamic credentials of the management account"
            : "Use roleName",
      });
    }
    if (path[0] !== "management" && profile === undefined && roleName === undefined) {
      problems.push({
        path,
        follows,
        message: "profile or roleName is needed to work in the account",
        remedy: "Add for example roleName: OrganizationAccountAccessRole",
      });
    }
    for (const key of ["externalId", "sessionName"] as const) {
      if (account[key] === undefined || roleName !== undefined) continue;
      problems.push({
        path: [...path, key],
        follows: [[...path, key], ...follows],
        message: "has a meaning only with roleName",
        remedy: "Remove it or add roleName",
      });
    }
    return problems;
  });
}

/** A profile leads to one account: the second would be deployed into the first, or rather fail only then. */
function profilesOnce(config: Config): RuleProblem[] {
  const seen = new Map<string, Path>();
  return listed(config).flatMap(([path, { profile }]) => {
    if (profile === undefined) return [];
    const first = seen.get(profile);
    if (first === undefined) {
      seen.set(profile, path);
      return [];
    }
    return [
      {
        path: [...path, "profile"],
        follows: [
          [...path, "profile"],
          [...first, "profile"],
        ],
        value: profile,
        message: `a profile leads to one account; line up with ${first.length === 1 ? "management" : `members[${first[1]}]`}, which uses it too`,
        remedy: "Name this account's own profile, or use roleName",
      },
    ];
  });
}

function roomInStacks({ members, terraform }: Config): RuleProblem[] {
  const limit = terraform.accountsPerStack;
  const perStack = new Map<number, number>();
  members.forEach(({ stack }) => perStack.set(stack, (perStack.get(stack) ?? 0) + 1));
  const crowded = [...perStack].filter(([, count]) => count > limit);
  if (crowded.length === 0) return [];
  const proposal = proposeStacks(members, limit);
  return crowded.map(([stack, count]) => ({
    path: ["members"],
    follows: [["terraform", "accountsPerStack"]],
    value: `a list with ${count} accounts in stack ${stack}`,
    message: `a stack takes at most ${limit} accounts (terraform.accountsPerStack)`,
    remedy: `Accounts that are deployed keep their stack; give new ones another, for example ${proposal}`,
  }));
}

/** Keeps as many accounts as fit where they are and gives the others the next stacks with room. */
function proposeStacks(members: Config["members"], limit: number): string {
  const taken = new Map<number, number>();
  const take = (stack: number) => taken.set(stack, (taken.get(stack) ?? 0) + 1);
  const overflow = members.flatMap(({ stack }, index) => {
    if ((taken.get(stack) ?? 0) >= limit) return [index];
    take(stack);
    return [];
  });
  const moves: { stack: number; first: number; last: number }[] = [];
  let stack = 1;
  for (const index of overflow) {
    while ((taken.get(stack) ?? 0) >= limit) stack += 1;
    take(stack);
    const before = moves.at(-1);
    if (before?.stack === stack && before.last === index - 1) before.last = index;
    else moves.push({ stack, first: index, last: index });
  }
  return moves
    .map(({ stack, first, last }) =>
      first === last ? `stack: ${stack} for members[${first}]` : `stack: ${stack} for members[${first}] to [${last}]`,
    )
    .join(", ");
}

/** What S3 refuses. https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html */
function lifecycle({ archive }: Config): RuleProblem[] {
  const { standardIaAfterDays: ia, glacierAfterDays: glacier, expireAfterDays: expire } = archive;
  const problems: RuleProblem[] = [];
  if (glacier < ia + 30) {
    problems.push({
      path: ["archive", "glacierAfterDays"],
      follows: [
        ["archive", "glacierAfterDays"],
        ["archive", "standardIaAfterDays"],
      ],
      value: String(glacier),
      message: `S3 moves an object to GLACIER 30 days after STANDARD_IA (${ia}) at the earliest: at least ${ia + 30}`,
      remedy: `Use ${ia + 30} or more, or lower archive.standardIaAfterDays`,
    });
  }
  if (expire <= glacier) {
    problems.push({
      path: ["archive", "expireAfterDays"],
      follows: [
        ["archive", "expireAfterDays"],
        ["archive", "glacierAfterDays"],
      ],
      value: String(expire),
      message: `an object expires after it moves to GLACIER (${glacier}): more than ${glacier}`,
      remedy: `Use ${glacier + 1} or more, or lower archive.glacierAfterDays`,
    });
  }
  return problems;
}

/** https://docs.aws.amazon.com/opensearch-service/latest/developerguide/supported-instance-types.html */
function instances({ search }: Config): RuleProblem[] {
  const { instanceType, engineVersion, instanceCount } = search;
  const family = instanceType.split(".")[0] ?? "";
  const problem = (message: string, remedy: string, ...keys: string[]): RuleProblem[] => [
    {
      path: ["search", "instanceType"],
      follows: ["instanceType", ...keys].map((key) => ["search", key]),
      value: instanceType,
      message,
      remedy,
    },
  ];
  if (["t2", "m3", "m4", "c4", "r3", "r4"].includes(family)) {
    return problem(
      "a generation without gp3 volumes",
      "Use its successor, such as t3.medium.search or r6g.large.search",
    );
  }
  if (/^(i|d)\d|^im\d|gd$/.test(family)) {
    return problem(
      "a type with disks of its own, while each node here gets a gp3 volume",
      "Use a type with EBS volumes, such as r6g.large.search",
    );
  }
  if (family.startsWith("ultrawarm")) return problem("not a type for data nodes", "Use for example r6g.large.search");
  if (/^o[a-z]\d/.test(family) && !isAtLeast(engineVersion, "OpenSearch", [2, 11])) {
    return problem(
      `OpenSearch-optimised types need OpenSearch_2.11 or later, and search.engineVersion is ${engineVersion}`,
      "Use for example r6g.large.search, or a later engine",
      "engineVersion",
    );
  }
  if (family === "t3" && instanceCount > 10) {
    return problem(
      `t3 types make a domain of at most 10 nodes, and search.instanceCount is ${instanceCount}`,
      "Use fewer nodes of a larger type",
      "instanceCount",
    );
  }
  return [];
}

function isAtLeast(version: string, engine: string, [major, minor]: readonly [number, number]): boolean {
  const [name, numbers = ""] = version.split("_");
  const [ownMajor = 0, ownMinor = 0] = numbers.split(".").map(Number);
  return name === engine && (ownMajor > major || (ownMajor === major && ownMinor >= minor));
}

function zones({ search }: Config): RuleProblem[] {
  const { instanceCount: count, zoneAwareness } = search;
  if (!zoneAwareness || count % 2 === 0 || count % 3 === 0) return [];
  return [
    {
      path: ["search", "instanceCount"],
      follows: [
        ["search", "instanceCount"],
        ["search", "zoneAwareness"],
      ],
      value: String(count),
      message: "with search.zoneAwareness a multiple of two or of three",
      remedy: count === 1 ? "Use 2, or zoneAwareness: false" : `Use ${count + 1}, or zoneAwareness: false`,
    },
  ];
}

/** Largest gp3 volumes of small types, in GiB. https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html#ebsresource */
const LARGEST_VOLUMES: Readonly<Record<string, number>> = { "t3.small.search": 100, "t3.medium.search": 200 };

function volumes({ search }: Config): RuleProblem[] {
  const largest = LARGEST_VOLUMES[search.instanceType];
  if (largest === undefined || search.volumeSizeGib <= largest) return [];
  return [
    {
      path: ["search", "volumeSizeGib"],
      follows: [
        ["search", "volumeSizeGib"],
        ["search", "instanceType"],
      ],
      value: String(search.volumeSizeGib),
      message: `${search.instanceType} takes at most ${largest} GiB`,
      remedy: "Use more nodes or a larger type",
    },
  ];
}

function networks({ kibana, search }: Config): RuleProblem[] {
  const lists = [
    [["kibana", "allowedCidrs"], kibana.allowedCidrs, "Name the networks that people come from; [] is nobody"],
    [
      ["search", "gatewayAllowedCidrs"],
      search.gatewayAllowedCidrs,
      "Name the networks, or leave the key out to rely on the token alone",
    ],
  ] as const;
  return lists.flatMap(([path, cidrs, remedy]) =>
    addUpToTheInternet(cidrs)
      ? [{ path, value: cidrs.join(", "), message: "this adds up to the whole internet", remedy, follows: [] }]
      : [],
  );
}

/** What an Elastic Stack needs, and what only a domain has. */
function target({ search, members }: Config): RuleProblem[] {
  const at: Path = ["search", "elastic"];
  const follows = [at, ["search", "target"]];
  const { elastic } = search;
  if (search.target === "aws") {
    return elastic === undefined
      ? []
      : [
          {
            path: at,
            follows,
            message: "has a meaning only with search.target: elastic",
            remedy: "Remove it, or set the target",
          },
        ];
  }
  const problems: RuleProblem[] = [];
  if (elastic === undefined) {
    problems.push({
      path: at,
      follows,
      message: "is missing; search.target is elastic",
      remedy: "Add elastic with elasticsearch, kibana and apiKeyArn, as in cloudtrail.example.yaml",
    });
  }
  if (elastic !== undefined && elastic.apiKeyKmsKeyArn === undefined && members.length > 0) {
    // https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
    problems.push({
      path: [...at, "apiKeyKmsKeyArn"],
      follows: [...follows, ["members"]],
      message: "is missing; the members' shippers can read the API key only if a KMS key of your own encrypts it",
      remedy: "Encrypt it with such a key, let the members use the key and read the secret, and name the key here",
    });
  }
  if (search.gateway === "local") {
    problems.push({
      path: ["search", "gateway"],
      follows: [
        ["search", "gateway"],
        ["search", "target"],
      ],
      value: "local",
      message: "an Elastic Stack needs no gateway",
      remedy: "Remove the key",
    });
  }
  return problems;
}

function distinctNames({ names }: Config): RuleProblem[] {
  const kinds: (readonly (keyof Config["names"])[])[] = [
    ["trailRole", "shipperRole", "operatorRole", "gatewayRole"],
    ["managementShipper", "memberShipper", "gatewayFunction"],
    ["archiveBucket", "deadLetterBucket"],
  ];
  return kinds.flatMap((keys) =>
    keys.flatMap((key, index) => {
      const same = keys.slice(0, index).find((earlier) => names[earlier] === names[key]);
      // The two shippers never meet in one account.
      if (same === undefined || (key === "memberShipper" && same === "managementShipper")) return [];
      return [
        {
          path: ["names", key],
          follows: [
            ["names", key],
            ["names", same],
          ],
          value: names[key],
          message: `names.${same} is called so already`,
          remedy: "Choose another name",
        },
      ];
    }),
  );
}

/** A trail's log group that is the shipper's own would feed the shipper its own log, for ever. */
function noLogLoop({ names }: Config): RuleProblem[] {
  const loops = ([names.managementShipper, names.memberShipper, names.gatewayFunction] as const).map(
    (name) => `/aws/lambda/${name}`,
  );
  if (!loops.includes(names.logGroup)) return [];
  return [
    {
      path: ["names", "logGroup"],
      value: names.logGroup,
      message: "this is the log group of a function of this project",
      remedy: "Choose another name for the trails' log group",
    },
  ];
}

/** S3 encrypts with keys of the bucket's own region; alarms notify topics of theirs. */
function sameRegion({ region, archive, deadLetters, operations }: Config): RuleProblem[] {
  const arns = [
    [["archive", "kmsKeyArn"], archive.kmsKeyArn],
    [["deadLetters", "kmsKeyArn"], deadLetters.kmsKeyArn],
    [["operations", "alarmTopicArn"], operations.alarmTopicArn],
  ] as const;
  return arns.flatMap(([path, arn]) =>
    arn === undefined || arn.split(":")[3] === region
      ? []
      : [
          {
            path,
            follows: [path, ["region"]],
            value: arn,
            message: `must be in the configuration's region, ${region}`,
            remedy: `Use one of ${region}`,
          },
        ],
  );
}

/** https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html; IAM refuses keys that differ only in case. */
function tags({ tags: map }: Config): RuleProblem[] {
  const keys = Object.keys(map);
  const lower = keys.map((key) => key.toLowerCase());
  const twice = keys.filter((_, index) => lower.indexOf(lower[index] ?? "") < index);
  return [
    ...(keys.length > 50
      ? [{ path: ["tags"], value: `a map with ${keys.length} keys`, message: "at most 50 tags", remedy: "Remove some" }]
      : []),
    ...twice.map((key) => ({
      path: ["tags", key],
      message: "IAM tells no keys apart that differ only in case",
      remedy: "Keep one of them",
    })),
  ];
}
