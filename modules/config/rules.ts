import { addUpToTheInternet, isPrivateCidr } from "./cidr";
import type { Problem } from "./problems";
import type { Account, Config } from "./schema";

/** What no single value shows: rules that hold two or more values of a configuration together. */
export function crossProblems(config: Config): Problem[] {
  return [
    ...accountProblems(config),
    ...credentialProblems(config),
    ...stackProblems(config),
    ...lifecycleProblems(config),
    ...clusterProblems(config),
    ...networkProblems(config),
  ];
}

/** What is allowed but probably not meant. */
export function warnings(config: Config): string[] {
  const { search, archive, kibana } = config;
  const privateCidrs = kibana.allowedCidrs.filter(isPrivateCidr);
  return [
    search.retentionDays < 90
      ? `search.retentionDays is ${search.retentionDays}: fewer than 90 searchable days leave little to investigate with`
      : "",
    archive.expireAfterDays < 365
      ? `archive.expireAfterDays is ${archive.expireAfterDays}: fewer than 365 archived days leave little evidence`
      : "",
    privateCidrs.length > 0
      ? `kibana.allowedCidrs: ${privateCidrs.join(", ")} can never match: a public endpoint does not see private addresses`
      : "",
    kibana.allowedCidrs.length === 0 ? "kibana.allowedCidrs is empty: nobody reaches Kibana" : "",
  ].filter((warning) => warning !== "");
}

function accountProblems({ management, members }: Config): Problem[] {
  const seen = new Map<string, string>([[management.accountId, "management.accountId"]]);
  return members.flatMap(({ accountId }, index) => {
    const path = `members[${index}].accountId`;
    const first = seen.get(accountId);
    if (first === undefined) {
      seen.set(accountId, path);
      return [];
    }
    const message =
      first === "management.accountId"
        ? "the management account is a source account by itself and cannot be a member too"
        : `an account may be listed once; it is already ${first}`;
    return [{ path, value: accountId, message, remedy: "Remove this entry" }];
  });
}

function credentialProblems({ management, members, terraform }: Config): Problem[] {
  const inCloud = terraform.backend.type === "cloud";
  const listed: [string, Account][] = [
    ["management", management],
    ...members.map((member, index): [string, Account] => [`members[${index}]`, member]),
  ];
  return listed.flatMap(([path, account]) => [
    ...(account.profile !== undefined && account.roleName !== undefined
      ? [{ path, message: "profile and roleName exclude each other", remedy: "Keep the one that is meant" }]
      : []),
    ...(account.profile !== undefined && inCloud
      ? [
          {
            path: `${path}.profile`,
            value: account.profile,
            message: "Terraform Cloud has no profiles",
            remedy: "Use roleName, and dynamic credentials in the workspace for the management account",
          },
        ]
      : []),
    ...(path !== "management" && account.profile === undefined && account.roleName === undefined
      ? [
          {
            path,
            message: "profile or roleName is needed to work in the account",
            remedy: "Add for example roleName: OrganizationAccountAccessRole",
          },
        ]
      : []),
    ...(["externalId", "sessionName"] as const)
      .filter((key) => account[key] !== undefined && account.roleName === undefined)
      .map((key) => ({ path: `${path}.${key}`, message: "only with roleName", remedy: "Remove it or add roleName" })),
  ]);
}

function stackProblems({ members, terraform }: Config): Problem[] {
  const limit = terraform.accountsPerStack;
  const perStack = new Map<number, number>();
  members.forEach(({ stack }) => perStack.set(stack, (perStack.get(stack) ?? 0) + 1));
  const crowded = [...perStack].filter(([, count]) => count > limit);
  if (crowded.length === 0) return [];
  const proposal = proposeStacks(members, limit);
  return crowded.map(([stack, count]) => ({
    path: "members",
    value: `${count} accounts with stack: ${stack}`,
    message: `a stack takes at most ${limit} accounts (terraform.accountsPerStack)`,
    remedy: `Write the stack into the entries; accounts that are deployed keep theirs. For example ${proposal}`,
  }));
}

/** Keeps as many accounts as fit where they are and gives the others the next stacks with room. */
function proposeStacks(members: Config["members"], limit: number): string {
  const taken = new Map<number, number>();
  const moved: string[] = [];
  const overflow = members.filter(({ stack }) => {
    const count = taken.get(stack) ?? 0;
    if (count < limit) taken.set(stack, count + 1);
    return count >= limit;
  });
  let stack = 1;
  for (const { accountId } of overflow) {
    while ((taken.get(stack) ?? 0) >= limit) stack += 1;
    taken.set(stack, (taken.get(stack) ?? 0) + 1);
    moved.push(`${accountId}: stack ${stack}`);
  }
  const shown = moved.slice(0, 5).join(", ");
  return moved.length > 5 ? `${shown} and so on (${moved.length} accounts)` : shown;
}

function lifecycleProblems({ archive }: Config): Problem[] {
  const { standardIaAfterDays: ia, glacierAfterDays: glacier, expireAfterDays: expire } = archive;
  return [
    ...(glacier < ia + 30
      ? [
          {
            path: "archive.glacierAfterDays",
            value: String(glacier),
            message: `S3 moves an object to GLACIER 30 days after STANDARD_IA at the earliest: at least ${ia + 30}`,
            remedy: `Use ${ia + 30} or more, or lower archive.standardIaAfterDays`,
          },
        ]
      : []),
    ...(expire <= glacier
      ? [
          {
            path: "archive.expireAfterDays",
            value: String(expire),
            message: `an object must expire after it moves to GLACIER: more than ${glacier}`,
            remedy: `Use ${glacier + 1} or more`,
          },
        ]
      : []),
  ];
}

function clusterProblems({ search }: Config): Problem[] {
  const { instanceCount: count, zoneAwareness } = search;
  return zoneAwareness && count % 2 !== 0 && count % 3 !== 0
    ? [
        {
          path: "search.instanceCount",
          value: String(count),
          message: "with zoneAwareness a multiple of two or of three",
          remedy: "Use 2, 3 or 4 and so on, or zoneAwareness: false",
        },
      ]
    : [];
}

function networkProblems({ kibana, search }: Config): Problem[] {
  return (
    [
      ["kibana.allowedCidrs", kibana.allowedCidrs, "Name the networks that people come from; [] is nobody"],
      [
        "search.gatewayAllowedCidrs",
        search.gatewayAllowedCidrs,
        "Name the networks; an empty list relies on the token alone",
      ],
    ] as const
  ).flatMap(([path, cidrs, remedy]) =>
    addUpToTheInternet(cidrs)
      ? [{ path, value: cidrs.join(", "), message: "this adds up to the whole internet", remedy }]
      : [],
  );
}
