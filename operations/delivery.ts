import { setTimeout } from "node:timers/promises";
import type { DeliveryContext } from "../lambda/shipper/deliver";
import type { DocumentSettings } from "../lambda/shipper/document";
import { DEFAULT_MAX_BODY_BYTES } from "../lambda/shipper/settings";
import type { Transport } from "../lambda/shipper/transport";

/** How operators put records into the index. */
export interface DeliveryOptions extends DocumentSettings {
  /** Where records go; see DomainClient.delivery. */
  readonly delivery: Destination;
  /** How long records that are delivered together may be tried, in milliseconds. @default 15 minutes, as a function may take */
  readonly patienceMs?: number;
  /** Milliseconds of any beginning. @default a clock that nobody sets */
  readonly clock?: () => number;
  /** Waits so many milliseconds. @default in truth */
  readonly sleep?: (ms: number) => Promise<unknown>;
}

export interface Destination {
  readonly transport: Transport;
  readonly searchEndpoint: string;
  readonly searchRegion: string;
}

const PATIENCE_MS = 15 * 60_000;

/** What the shipper's delivery works with, for one delivery that begins now. */
export function deliveryContext(options: DeliveryOptions): DeliveryContext {
  const { delivery, ownerNames, maxRecordAgeDays, patienceMs = PATIENCE_MS } = options;
  const { clock = () => performance.now(), sleep = setTimeout } = options;
  const { transport, searchEndpoint, searchRegion } = delivery;
  const until = clock() + patienceMs;
  return {
    transport,
    settings: { ownerNames, maxRecordAgeDays, searchEndpoint, searchRegion, maxBodyBytes: DEFAULT_MAX_BODY_BYTES },
    remainingMs: () => until - clock(),
    sleep: async (ms) => {
      await sleep(ms);
    },
    random: Math.random,
  };
}
