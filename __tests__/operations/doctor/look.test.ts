import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
} from "@aws-sdk/client-cloudtrail";
import { CloudWatchLogsClient, DescribeSubscriptionFiltersCommand } from "@aws-sdk/client-cloudwatch-logs";
import { mockClient } from "aws-sdk-client-mock";
import { parseConfig } from "../../../modules/config";
import { AccessError, AwsAccess } from "../../../operations/aws";
import { DomainError } from "../../../operations/domain-client";
import { examine } from "../../../operations/doctor/examine";
import { lookAtAccount } from "../../../operations/doctor/look-accounts";
import { NOW } from "./facts";

const { config } = parseConfig(`
region: eu-west-1
management: { accountId: "111111111111", name: security }
members:
  - { accountId: "222222222222", name: production, roleName: Auditor }
  - { accountId: "333333333333", name: gone, roleName: Auditor, state: leaving }
kibana: { allowedCidrs: [] }
`);
const [production] = config.members;
const cloudTrail = mockClient(CloudTrailClient);
const logs = mockClient(CloudWatchLogsClient);

/** Credentials are no matter here: nothing is sent. */
class NoAccess extends AwsAccess {
  override verify(): Promise<void> {
    return Promise.resolve();
  }
}

const trail = (name: string, accountId = production!.accountId, region = "eu-west-1") => ({
  Name: name,
  HomeRegion: region,
  TrailARN: `arn:aws:cloudtrail:${region}:${accountId}:trail/${name}`,
  S3BucketName: "a-bucket",
});

beforeEach(() => {
  cloudTrail.reset();
  logs.reset();
  cloudTrail.on(GetTrailStatusCommand).resolves({ IsLogging: true, StartLoggingTime: new Date(NOW) });
  cloudTrail.on(DescribeTrailsCommand).resolves({ trailList: [trail("cloudtrail")] });
  cloudTrail.on(GetEventSelectorsCommand).resolves({});
  logs.on(DescribeSubscriptionFiltersCommand).resolves({ subscriptionFilters: [] });
});

const look = () => lookAtAccount(new NoAccess(config), config, production!);

describe("of an account's trails", () => {
  test("the product's is the one of its name, region and account", async () => {
    const others = [trail("cloudtrail", "999999999999"), trail("cloudtrail", production!.accountId, "us-east-1")];
    cloudTrail.on(DescribeTrailsCommand).resolves({ trailList: [...others, trail("cloudtrail")] });
    const facts = await look();
    expect(facts.trail).toMatchObject({ isLogging: true, started: NOW, bucket: "a-bucket" });
    expect(facts.otherTrails).toEqual(others.map(({ TrailARN }) => TrailARN));
  });

  test("none may be there", async () => {
    cloudTrail.on(DescribeTrailsCommand).resolves({});
    expect(await look()).toMatchObject({ trail: undefined, otherTrails: [] });
  });

  test("others count only if they log management events, and log at all", async () => {
    const [stopped, data, double] = ["stopped", "data", "double"].map((name) => trail(name));
    cloudTrail
      .on(DescribeTrailsCommand)
      .resolves({ trailList: [trail("cloudtrail"), stopped!, data!, double!] })
      .on(GetTrailStatusCommand, { Name: stopped!.TrailARN })
      .resolves({ IsLogging: false })
      .on(GetEventSelectorsCommand, { TrailName: data!.TrailARN })
      .resolves({ EventSelectors: [{ IncludeManagementEvents: false }] })
      .on(GetEventSelectorsCommand, { TrailName: double!.TrailARN })
      .resolves({ EventSelectors: [{ IncludeManagementEvents: true }] });
    expect((await look()).otherTrails).toEqual([double!.TrailARN]);
  });

  test("the organisation's, which a member may not open, counts", async () => {
    const organisations = trail("organisation", "999999999999");
    cloudTrail
      .on(DescribeTrailsCommand)
      .resolves({ trailList: [trail("cloudtrail"), organisations] })
      .on(GetEventSelectorsCommand)
      .rejects(Object.assign(new Error("no"), { name: "AccessDeniedException" }));
    expect((await look()).otherTrails).toEqual([organisations.TrailARN]);
  });
});

describe("of the log group", () => {
  test("subscriptions are taken with their destinations and patterns", async () => {
    logs.on(DescribeSubscriptionFiltersCommand).resolves({
      subscriptionFilters: [{ filterName: "x", destinationArn: "arn:x", filterPattern: "" }],
    });
    expect((await look()).subscriptions).toEqual([{ destinationArn: "arn:x", pattern: "" }]);
  });

  test("that is not there there are none", async () => {
    logs
      .on(DescribeSubscriptionFiltersCommand)
      .rejects(Object.assign(new Error("no"), { name: "ResourceNotFoundException" }));
    expect((await look()).subscriptions).toBeUndefined();
  });

  test("anything else that fails is an error", async () => {
    logs.on(DescribeSubscriptionFiltersCommand).rejects(new Error("throttled"));
    await expect(look()).rejects.toThrow("throttled");
  });
});

describe("what cannot be looked at", () => {
  test("is told, once for a domain that lets nobody in; leaving accounts are not looked at", async () => {
    class Refused extends NoAccess {
      override domain(): never {
        throw new AccessError("the role cloudtrail_operator cannot be assumed: no");
      }
    }
    const report = await examine(new Refused(config), config, [], NOW);
    expect(report.notLookedAt).toEqual([
      { what: "the search domain", reason: "the role cloudtrail_operator cannot be assumed: no" },
    ]);
    expect(report.accounts.map(({ name }) => name)).toEqual(["security", "production"]);
    // Nobody knows of the newest records, so nobody is said to be silent.
    expect(report.findings.map(({ code }) => code)).not.toContain("account-silent");
  });

  test("keeps nothing else from being looked at", async () => {
    const request = (_: string, path: string) => {
      if (path === "/") return Promise.resolve({});
      if (path.includes("/_ism/policies/") || path.includes("/_index_template/")) {
        return Promise.reject(new DomainError(404, path, "gone"));
      }
      return Promise.reject(new DomainError(403, path, "no permission"));
    };
    class Half extends NoAccess {
      override domain(): Promise<never> {
        return Promise.resolve({ request, search: () => request("POST", "search") } as never);
      }
    }
    const report = await examine(new Half(config), config, ["trail-missing", "subscription-missing"], NOW);
    expect(report.findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["policy-missing", "template-missing"]),
    );
    expect(report.notLookedAt.map(({ what }) => what)).toEqual([
      "Kibana's saved objects",
      "the domain's disks",
      "the domain's health",
      "the indices",
      "the newest records",
      "today's mapping",
    ]);
    expect(report).toMatchObject({ indices: [], capacity: null });
  });

  test("ignored kinds of findings are left out", async () => {
    cloudTrail.on(DescribeTrailsCommand).resolves({});
    const found = async (ignored: ("trail-missing" | "subscription-missing")[]) =>
      (await examine(new NoAccess(config), { ...config, search: { ...config.search, target: "elastic" } }, ignored))
        .findings;
    expect((await found([])).map(({ code }) => code)).toContain("trail-missing");
    expect(await found(["trail-missing", "subscription-missing"])).toEqual([]);
  });
});
