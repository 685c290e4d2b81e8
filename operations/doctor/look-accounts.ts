import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  type GetEventSelectorsResponse,
  type Trail,
} from "@aws-sdk/client-cloudtrail";
import {
  CloudWatchLogsClient,
  DescribeSubscriptionFiltersCommand,
  type SubscriptionFilter,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Account, Config } from "../../modules/config";
import type { AwsAccess, ClientSettings } from "../aws";
import type { AccountFacts, SubscriptionFacts, TrailFacts } from "./accounts";

/**
 * Looks at the trails and the subscription of a source account.
 *
 * @throws AccessError where its credentials cannot be had or are of another account
 */
export async function lookAtAccount(
  access: AwsAccess,
  { names, region }: Config,
  account: Account,
): Promise<Omit<AccountFacts, "newest">> {
  await access.verify(account);
  const settings = access.settings(account);
  const client = new CloudTrailClient(settings);
  const { trailList = [] } = await client.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
  const isOwn = ({ Name, HomeRegion = region, TrailARN = "" }: Trail) =>
    Name === names.trail && HomeRegion === region && TrailARN.split(":")[4] === account.accountId;
  const own = trailList.find(isOwn);
  const others = trailList.filter((trail) => trail !== own);
  const doubling = await Promise.all(others.map((trail) => logsManagementEvents(settings, trail)));
  return {
    accountId: account.accountId,
    name: account.name,
    trail: own && (await trailFacts(client, own)),
    subscriptions: await subscriptions(settings, names.logGroup),
    otherTrails: others.flatMap(({ TrailARN = "" }, at) => (doubling[at] === true ? [TrailARN] : [])),
  };
}

async function trailFacts(client: CloudTrailClient, trail: Trail): Promise<TrailFacts> {
  const status = await client.send(new GetTrailStatusCommand({ Name: trail.TrailARN }));
  return {
    isLogging: status.IsLogging ?? false,
    started: status.StartLoggingTime?.getTime(),
    stopped: status.StopLoggingTime?.getTime(),
    delivered: status.LatestDeliveryTime?.getTime(),
    deliveryError: status.LatestDeliveryError,
    logsError: status.LatestCloudWatchLogsDeliveryError,
    bucket: trail.S3BucketName,
    logGroupArn: trail.CloudWatchLogsLogGroupArn,
    isMultiRegion: trail.IsMultiRegionTrail ?? false,
    validatesFiles: trail.LogFileValidationEnabled ?? false,
  };
}

/** Whether a trail is logging management events. The organisation's own trail is shown to its members, but not opened. */
async function logsManagementEvents(settings: ClientSettings, { TrailARN, HomeRegion }: Trail): Promise<boolean> {
  const client = new CloudTrailClient({ ...settings, region: HomeRegion ?? settings.region });
  try {
    const { IsLogging } = await client.send(new GetTrailStatusCommand({ Name: TrailARN }));
    if (IsLogging !== true) return false;
    return selectsManagementEvents(await client.send(new GetEventSelectorsCommand({ TrailName: TrailARN })));
  } catch (error) {
    if (isRefusal(error)) return true;
    throw error;
  }
}

/** Trails log management events unless they are told otherwise. */
export function selectsManagementEvents({
  EventSelectors: basic = [],
  AdvancedEventSelectors: advanced = [],
}: Pick<GetEventSelectorsResponse, "EventSelectors" | "AdvancedEventSelectors">): boolean {
  if (advanced.length > 0) {
    return advanced.some(({ FieldSelectors = [] }) =>
      FieldSelectors.some(({ Field, Equals = [] }) => Field === "eventCategory" && Equals.includes("Management")),
    );
  }
  return basic.length === 0 || basic.some(({ IncludeManagementEvents = true }) => IncludeManagementEvents);
}

async function subscriptions(
  settings: ClientSettings,
  logGroupName: string,
): Promise<readonly SubscriptionFacts[] | undefined> {
  const client = new CloudWatchLogsClient(settings);
  try {
    const { subscriptionFilters = [] } = await client.send(new DescribeSubscriptionFiltersCommand({ logGroupName }));
    return subscriptionFilters.map(({ destinationArn = "", filterPattern = "" }: SubscriptionFilter) => ({
      destinationArn,
      pattern: filterPattern,
    }));
  } catch (error) {
    if ((error as Error).name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && /AccessDenied|TrailNotFound|NotOrganization/.test(error.name);
}
