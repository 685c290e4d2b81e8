import type { ShipContext } from "../../lambda/shipper/ship";
import { ship } from "../../lambda/shipper/ship";
import type { Settings } from "../../lambda/shipper/settings";
import type { Summary } from "../../lambda/shipper/summary";
import type { Transport } from "../../lambda/shipper/transport";
import { ACCOUNT, NOW } from "./payload";

export const SETTINGS: Settings = {
  searchEndpoint: "search.example",
  searchRegion: "eu-west-1",
  deadLetterBucket: "dead-letters",
  deadLetterPrefix: `${ACCOUNT}/`,
  ownerNames: new Map([[ACCOUNT, "production"]]),
  maxRecordAgeDays: 1095,
  maxBodyBytes: 5 * 1024 * 1024,
  s3Endpoint: undefined,
};

/** Milliseconds that an invocation may take in the tests. */
export const TIME_LIMIT_MS = 300_000;

/** An invocation whose time passes only while it sleeps. */
export function shipContext(
  transport: Transport,
  overrides: Partial<ShipContext> = {},
): ShipContext & { slept: number[] } {
  const slept: number[] = [];
  const passed = () => slept.reduce((sum, ms) => sum + ms, 0);
  return {
    settings: SETTINGS,
    transport,
    requestId: "request-1",
    now: () => NOW + passed(),
    remainingMs: () => TIME_LIMIT_MS - passed(),
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
    random: () => 0.5,
    slept,
    ...overrides,
  };
}

/** What came of an invocation. */
export interface Shipped {
  readonly summary: Summary | undefined;
  readonly error: Error | undefined;
}

/** Ships and gives back the summary, and the error if there was one. */
export async function shipped(event: unknown, context: ShipContext): Promise<Shipped> {
  let summary: Summary | undefined;
  try {
    await ship(event, context, (given) => (summary = given));
    return { summary, error: undefined };
  } catch (error) {
    return { summary, error: error as Error };
  }
}
