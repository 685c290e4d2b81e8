import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "aws-lambda";
import { apiKeyTransport } from "./api-key";
import { readSettings } from "./settings";
import { ship } from "./ship";
import { logLine } from "./summary";
import { environmentCredentials, signedTransport } from "./transport";

const settings = readSettings(process.env);
const signed = signedTransport(environmentCredentials(process.env));
const transport = settings.apiKey === undefined ? signed : apiKeyTransport(signed, settings.apiKey);

/** Wires one invocation: the work is in ship.ts. */
export async function handler(event: unknown, context: Context): Promise<void> {
  const now = () => Date.now();
  await ship(
    event,
    {
      settings,
      transport,
      requestId: context.awsRequestId,
      now,
      remainingMs: () => context.getRemainingTimeInMillis(),
      sleep: async (ms) => {
        await sleep(ms);
      },
      random: Math.random,
    },
    (summary) => process.stdout.write(`${logLine(summary, context.awsRequestId, now())}\n`),
  );
}
