import { DAY_MS, type Finding } from "./finding";
import { dayNamed, type IndexFacts } from "./indices";

/** `GET _cluster/health`, as far as it is looked at. */
export interface Health {
  readonly status: "green" | "yellow" | "red";
  readonly number_of_data_nodes: number;
  readonly active_shards: number;
  readonly unassigned_shards: number;
}

/** The volume of one data node, in bytes. */
export interface NodeDisk {
  readonly node: string;
  readonly total: number;
  readonly available: number;
}

export interface CapacityFacts {
  readonly health: Health;
  readonly disks: readonly NodeDisk[];
  readonly indices: readonly IndexFacts[];
}

export interface CapacityAsked {
  /** `search.retentionDays` */
  readonly days: number;
  /** `search.instanceCount` */
  readonly nodes: number;
}

/** What the domain has, and what the retention will need of it. */
export interface Capacity {
  readonly status: string;
  readonly nodes: number;
  readonly totalBytes: number;
  readonly availableBytes: number;
  /** Of all copies, a day; null while there is no index. */
  readonly bytesPerDay: number | null;
  /** With every day of the retention there. */
  readonly neededBytes: number;
  /** Until the volumes are full, at bytesPerDay; null: the retention deletes as much before. */
  readonly daysUntilFull: number | null;
  readonly shards: number;
  /** With every day of the retention there. */
  readonly neededShards: number;
  readonly shardLimit: number;
}

/** What an engine needs to merge, and the alarm free-storage watches over. */
const KEPT_FREE = 1 / 4;

/** cluster.max_shards_per_node, which a domain does not let change. https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html */
const SHARDS_PER_NODE = 1000;

const DAYS_AVERAGED = 7;

export function capacityOf({ health, disks, indices }: CapacityFacts, { days }: CapacityAsked, now: number): Capacity {
  const bytesPerDay = dailyBytes(indices, now);
  const shards = health.active_shards + health.unassigned_shards;
  const own = sum(indices.map((index) => index.shards));
  const perIndex = Math.max(0, ...indices.map((index) => index.shards));
  const totalBytes = sum(disks.map(({ total }) => total));
  const availableBytes = sum(disks.map(({ available }) => available));
  // The day that is being written comes on top.
  const neededBytes = Math.round((bytesPerDay ?? 0) * (days + 1));
  return {
    status: health.status,
    nodes: health.number_of_data_nodes,
    totalBytes,
    availableBytes,
    bytesPerDay,
    neededBytes,
    daysUntilFull: bytesPerDay !== null && neededBytes > totalBytes ? Math.floor(availableBytes / bytesPerDay) : null,
    shards,
    neededShards: shards - own + Math.max(own, perIndex * (days + 1)),
    shardLimit: SHARDS_PER_NODE * health.number_of_data_nodes,
  };
}

export function capacityFindings(facts: CapacityFacts, asked: CapacityAsked, now: number): Finding[] {
  const capacity = capacityOf(facts, asked, now);
  return [
    ...healthFindings(facts.health, asked),
    ...facts.disks.filter(({ total, available }) => available < total * KEPT_FREE).map(lowDisk),
    ...tooSmall(capacity, asked),
    ...tooManyShards(capacity, asked),
  ];
}

function healthFindings({ status, number_of_data_nodes: nodes, unassigned_shards }: Health, asked: CapacityAsked) {
  const parts = [
    ...(status === "red" ? ["is red: some records can be neither searched nor written"] : []),
    ...(status === "yellow" ? [`is yellow (copies of shards without a place: ${unassigned_shards})`] : []),
    ...(nodes < asked.nodes ? [`has ${nodes} of ${asked.nodes} data nodes`] : []),
  ];
  return parts.length === 0
    ? []
    : [
        finding(
          "domain-health",
          `The domain ${parts.join(", and ")}.`,
          "GET _cluster/allocation/explain says why; see domain-red in docs/runbook.md",
        ),
      ];
}

function lowDisk({ node, total, available }: NodeDisk): Finding {
  return finding(
    "disk-low",
    `The node ${node} has ${size(available)} of ${size(total)} left, less than a quarter.`,
    "enlarge search.volumeSizeGib or lower search.retentionDays; see domain-free-storage in docs/runbook.md",
  );
}

function tooSmall(
  { totalBytes, neededBytes, bytesPerDay, daysUntilFull }: Capacity,
  { days }: CapacityAsked,
): Finding[] {
  if (bytesPerDay === null || neededBytes <= totalBytes * (1 - KEPT_FREE)) return [];
  return [
    finding(
      "disk-too-small",
      `The disk is too small for the retention: ${days} days at ${size(bytesPerDay)} a day need ${size(neededBytes)}, ` +
        `and the domain has ${size(totalBytes)}, of which a quarter has to stay free` +
        (daysUntilFull === null ? "." : `: it is full in ${daysUntilFull} days.`),
      "enlarge search.volumeSizeGib or search.instanceCount, or lower search.retentionDays",
    ),
  ];
}

function tooManyShards({ neededShards, shardLimit, shards }: Capacity, { days }: CapacityAsked): Finding[] {
  if (neededShards <= shardLimit) return [];
  return [
    finding(
      "shards",
      `${days} days need ${neededShards} shards in all (${shards} now), and the domain takes ${shardLimit}.`,
      "raise search.instanceCount or lower search.retentionDays; above the limit no index is made",
    ),
  ];
}

/** The mean of the last complete days; where there is none yet, the largest index. */
function dailyBytes(indices: readonly IndexFacts[], now: number): number | null {
  const dated = indices.flatMap(({ name, bytes }) => {
    const day = dayNamed(name);
    return day === undefined ? [] : [{ day, bytes }];
  });
  if (dated.length === 0) return null;
  const complete = dated.filter(({ day }) => day + DAY_MS <= now && day >= now - (DAYS_AVERAGED + 1) * DAY_MS);
  const counted = complete.length === 0 ? [Math.max(...dated.map(({ bytes }) => bytes))] : complete.map((d) => d.bytes);
  return Math.round(sum(counted) / counted.length);
}

function finding(code: Finding["code"], message: string, remedy: string): Finding {
  return { code, subject: "domain", message, remedy };
}

/** `1.5 GiB` */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]!}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
