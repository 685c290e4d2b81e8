import type { Config, Member } from "../../../modules/config";
import {
  addresses,
  configWithMembers,
  exampleConfig,
  foreignAliases,
  synthesizedStacks,
  type Resource,
} from "../../support/stacks";

/** Addresses that are different in two syntheses, with their stacks. */
function differences(before: Config, after: Config): string[] {
  const [old, now] = [synthesizedStacks(before), synthesizedStacks(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .flatMap((name) => {
      const [a, b] = [old[name], now[name]].map((stack) => (stack ? addresses(stack) : new Map<string, Resource>()));
      return [...new Set([...a!.keys(), ...b!.keys()])]
        .filter((address) => JSON.stringify(a!.get(address)) !== JSON.stringify(b!.get(address)))
        .map((address) => `${name}: ${address.replace(/_[0-9A-F]{8}$/, "")}`);
    })
    .sort();
}

const SHARED_POLICIES = [
  "archive: aws_s3_bucket_policy.archive_dead-letters_policy",
  "archive: aws_s3_bucket_policy.archive_policy",
  "domain: aws_opensearch_domain_policy.search_access-policy",
];

const NEW: Member = {
  accountId: "444444444444",
  name: "sandbox",
  roleName: "OrganizationAccountAccessRole",
  stack: 1,
  state: "active",
};

function withMembers(change: (members: readonly Member[]) => Member[]): Config {
  return exampleConfig((config) => ({ ...config, members: change(config.members) }));
}

describe("accounts-* stacks", () => {
  const config = configWithMembers(12);
  const stacks = synthesizedStacks(config);
  const accountStacks = Object.entries(stacks).filter(([name]) => name.startsWith("accounts-"));

  test("one for each stack number that is in use", () => {
    expect(accountStacks.map(([name]) => name)).toEqual(["accounts-1", "accounts-2"]);
  });

  test.each(accountStacks)("%s has no default aws provider", (_, stack) => {
    expect(stack.provider.aws!.map(({ alias }) => alias)).not.toContain(undefined);
  });

  test.each(accountStacks)("%s: every resource and data source names its account's alias", (_, stack) => {
    expect(addresses(stack).size).toBeGreaterThan(0);
    expect(foreignAliases(stack)).toEqual([]);
  });

  test.each(accountStacks)("%s: nothing is of another stack's account", (name, stack) => {
    const number = Number(name.replace("accounts-", ""));
    const own = [
      ...(number === 1 ? [config.management.accountId] : []),
      ...config.members.filter((member) => member.stack === number).map(({ accountId }) => accountId),
    ];
    expect(stack.provider.aws!.map(({ allowed_account_ids: allowed }) => allowed)).toEqual(own.map((id) => [id]));
    // The management account's id is in names and ARNs of what is shared.
    const foreign = config.members.map(({ accountId }) => accountId).filter((id) => !own.includes(id));
    const text = JSON.stringify(stack);
    expect(foreign.filter((id) => text.includes(id))).toEqual([]);
  });

  test.each(accountStacks)("%s: no reference leads from one account to another", (_, stack) => {
    for (const [address, resource] of addresses(stack)) {
      const account = /account-(\d{12})_/.exec(address)![1];
      const referred = [...JSON.stringify(resource).matchAll(/account-(\d{12})_/g)].map(([, id]) => id);
      expect(referred.filter((id) => id !== account)).toEqual([]);
    }
  });
});

test("the stacks of the management account hold nothing of another account", () => {
  const { archive, domain } = synthesizedStacks(exampleConfig());
  for (const stack of [archive!, domain!]) {
    expect(stack.provider.aws).toEqual([expect.objectContaining({ allowed_account_ids: ["111111111111"] })]);
    for (const resource of addresses(stack).values()) expect(resource).not.toHaveProperty("provider");
  }
});

test("a member added touches only its own resources and the shared policies", () => {
  const changed = differences(
    exampleConfig(),
    withMembers((members) => [...members, NEW]),
  );
  const own = changed.filter((address) => address.includes(".account-444444444444_"));
  expect(own.length).toBeGreaterThan(10);
  expect(changed.filter((address) => !own.includes(address))).toEqual(SHARED_POLICIES);
});

test("a member added to a stack of its own leaves the other accounts stacks as they are", () => {
  const changed = differences(
    exampleConfig(),
    withMembers((members) => [...members, { ...NEW, stack: 2 }]),
  );
  expect(changed.filter((address) => address.startsWith("accounts-1"))).toEqual([]);
});

test("another order of the members changes nothing", () => {
  expect(
    differences(
      exampleConfig(),
      withMembers((members) => [...members].reverse()),
    ),
  ).toEqual([]);
});

describe("a member that is leaving", () => {
  const leaving = withMembers((members) =>
    members.map((member) => (member.accountId === "222222222222" ? { ...member, state: "leaving" } : member)),
  );

  test("loses its resources, and nothing else changes", () => {
    const changed = differences(exampleConfig(), leaving);
    expect(changed.length).toBeGreaterThan(10);
    expect(changed.filter((address) => !address.includes(".account-222222222222_"))).toEqual([]);
    expect(JSON.stringify(synthesizedStacks(leaving)["accounts-1"]!.resource)).not.toContain("222222222222");
  });

  test("keeps its alias, by which Terraform destroys them", () => {
    expect(synthesizedStacks(leaving)["accounts-1"]!.provider.aws).toContainEqual(
      expect.objectContaining({ alias: "account_222222222222", allowed_account_ids: ["222222222222"] }),
    );
  });

  test("whose entry then goes changes nothing but the shared policies", () => {
    const gone = withMembers((members) => members.filter(({ accountId }) => accountId !== "222222222222"));
    expect(differences(leaving, gone)).toEqual(SHARED_POLICIES);
  });

  test("keeps its stack, also when it is the last there", () => {
    const alone = withMembers((members) => [...members, { ...NEW, stack: 7, state: "leaving" }]);
    const stack = synthesizedStacks(alone)["accounts-7"]!;
    expect(stack.provider.aws).toHaveLength(1);
    expect(stack.resource).toBeUndefined();
  });
});
