import type { Backend } from "../../../modules/config";
import { exampleConfig, synthesizedStacks, type Synthesized } from "../../support/stacks";

interface Example {
  readonly name: string;
  readonly backend: Backend;
  /** Where a stack's own state is: the block of `terraform` and what is in it. */
  readonly own: (stack: string) => object;
  /** How another stack reads it. */
  readonly read: (stack: string) => object;
}

const s3 = (stack: string) => ({
  bucket: "states",
  key: `trails/${stack}.tfstate`,
  region: "eu-west-1",
  encrypt: true,
  profile: "states",
  kms_key_id: "alias/states",
});

const EXAMPLES: readonly Example[] = [
  {
    name: "local",
    backend: { type: "local", folder: "/state" },
    own: (stack) => ({ backend: { local: { path: `/state/terraform.${stack}.tfstate` } } }),
    read: (stack) => ({ backend: "local", config: { path: `/state/terraform.${stack}.tfstate` } }),
  },
  {
    name: "S3",
    backend: {
      type: "s3",
      bucket: "states",
      keyPrefix: "trails",
      region: "eu-west-1",
      profile: "states",
      kmsKeyId: "alias/states",
    },
    own: (stack) => ({ backend: { s3: { ...s3(stack), use_lockfile: true } } }),
    read: (stack) => ({ backend: "s3", config: s3(stack) }),
  },
  {
    name: "S3 with a DynamoDB table",
    backend: { type: "s3", bucket: "states", keyPrefix: "trails", region: "eu-west-1", lockTable: "locks" },
    own: (stack) => ({
      backend: {
        s3: {
          bucket: "states",
          key: `trails/${stack}.tfstate`,
          region: "eu-west-1",
          encrypt: true,
          dynamodb_table: "locks",
        },
      },
    }),
    read: (stack) => ({
      backend: "s3",
      config: expect.objectContaining({
        bucket: "states",
        key: `trails/${stack}.tfstate`,
        region: "eu-west-1",
      }) as object,
    }),
  },
  {
    name: "Terraform Cloud",
    backend: { type: "cloud", organization: "acme", workspacePrefix: "trails-", project: "security" },
    own: (stack) => ({
      cloud: { organization: "acme", workspaces: { name: `trails-${stack}`, project: "security" } },
    }),
    read: (stack) => ({
      backend: "remote",
      config: { organization: "acme", workspaces: { name: `trails-${stack}` } },
    }),
  },
  {
    name: "Terraform Enterprise",
    backend: { type: "cloud", organization: "acme", workspacePrefix: "trails-", hostname: "tfe.acme.example" },
    own: (stack) => ({
      cloud: { organization: "acme", hostname: "tfe.acme.example", workspaces: { name: `trails-${stack}` } },
    }),
    read: (stack) => ({
      backend: "remote",
      config: { organization: "acme", hostname: "tfe.acme.example", workspaces: { name: `trails-${stack}` } },
    }),
  },
];

/** A stack's state: the backend, or Terraform Cloud. */
function ownState({ terraform: { backend, cloud } }: Synthesized): object {
  return { ...(backend === undefined ? {} : { backend }), ...(cloud === undefined ? {} : { cloud }) };
}

/** The states that a stack reads. */
function readStates({ data }: Synthesized): unknown[] {
  return Object.values(data?.terraform_remote_state ?? {});
}

describe.each(EXAMPLES)("$name", ({ backend, own, read }) => {
  const stacks = synthesizedStacks(
    exampleConfig((config) => ({
      ...config,
      members: config.members.map((member, index) => ({ ...member, profile: undefined, stack: index + 1 })),
      management: { ...config.management, profile: undefined },
      terraform: { ...config.terraform, backend },
    })),
  );

  test("each stack has a state of its own", () => {
    expect(Object.keys(stacks)).toEqual(["archive", "domain", "search", "accounts-1", "accounts-2"]);
    for (const [name, stack] of Object.entries(stacks)) expect([name, ownState(stack)]).toEqual([name, own(name)]);
  });

  test("search and accounts read the domain's state where it is written, and no other", () => {
    for (const name of ["search", "accounts-1", "accounts-2"]) {
      expect(readStates(stacks[name]!)).toEqual([expect.objectContaining(read("domain"))]);
    }
    for (const name of ["archive", "domain"]) expect(readStates(stacks[name]!)).toEqual([]);
  });

  test("what they read of it is an output there", () => {
    for (const name of ["search", "accounts-1", "accounts-2"]) {
      const { data, ...rest } = stacks[name]!;
      const [reader] = Object.keys(data!.terraform_remote_state!);
      const used = [...JSON.stringify(rest).matchAll(/data\.terraform_remote_state\.([\w-]+)\.outputs\.([\w-]+)/g)];
      expect(used.length).toBeGreaterThan(0);
      for (const [, from, output] of used) {
        expect(from).toBe(reader);
        expect(Object.keys(stacks.domain!.output!)).toContain(output);
      }
    }
  });
});
