import type { Change } from "../../sandbox/configuration";
import type { Sandbox, StackChange } from "../../sandbox/sandbox";
import { describeWith } from "../support/tools";
import { startSandbox } from "./support";

/** The example's second member. */
const MEMBER = "333333333333";
const PLACE = ["members", 1] as const;

const WITHOUT: readonly Change[] = [[PLACE, undefined]];
const LEAVING: readonly Change[] = [[[...PLACE, "state"], "leaving"]];

/** Policies that name every account. */
const SHARED = /^(aws_s3_bucket_policy\.|aws_opensearch_domain_policy\.)/;

describeWith(["terraform", "java", "mvn", "python3"], "members come and go", () => {
  let sandbox: Sandbox;
  let end: () => Promise<void> = () => Promise.resolve();

  beforeAll(async () => {
    ({ sandbox, end } = await startSandbox());
    sandbox.synthesize(WITHOUT);
    await sandbox.deploy();
  });
  afterAll(() => end());

  test("a member that is added touches only its own resources and the shared policies", async () => {
    sandbox.synthesize();
    const changes = await sandbox.plan();
    const [own, others] = split(changes);
    expect(own.length).toBeGreaterThan(15);
    expect(own.every(({ action, stack }) => action === "create" && stack === "accounts-1")).toBe(true);
    expect(others.length).toBeGreaterThan(0);
    expect(others.filter(({ address, action }) => !SHARED.test(address) || action !== "update")).toEqual([]);
    await sandbox.deploy();
    expect(await sandbox.plan()).toEqual([]);
  });

  test("`state: leaving` destroys its resources and nothing else, and leaves nothing behind in the account", async () => {
    sandbox.synthesize(LEAVING);
    const [own, others] = split(await sandbox.plan());
    expect(own.length).toBeGreaterThan(15);
    expect(own.filter(({ action }) => action !== "delete")).toEqual([]);
    expect(others).toEqual([]);
    await sandbox.deploy();
    const left = await sandbox.aws.leftovers();
    expect(left.filter((resource) => resource.startsWith(MEMBER))).toEqual([]);
  });

  test("then its entry can go: nothing changes in any other account, but for the shared policies", async () => {
    sandbox.synthesize(WITHOUT);
    const changes = await sandbox.plan();
    expect(changes.length).toBeGreaterThan(0);
    expect(changes.filter(({ stack }) => stack.startsWith("accounts-"))).toEqual([]);
    expect(changes.filter(({ address, action }) => !SHARED.test(address) || action !== "update")).toEqual([]);
    await sandbox.deploy();
    expect(await sandbox.plan()).toEqual([]);
  });

  test("destroy leaves nothing in any account", async () => {
    await sandbox.destroy();
    expect(await sandbox.aws.leftovers()).toEqual([]);
  });
});

/** Changes of the member's own resources, and all others. */
function split(changes: readonly StackChange[]): [StackChange[], StackChange[]] {
  const isOwn = ({ address }: StackChange) => address.includes(`account-${MEMBER}`);
  return [changes.filter(isOwn), changes.filter((change) => !isOwn(change))];
}
