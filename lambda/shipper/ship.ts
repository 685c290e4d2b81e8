import { withoutContent } from "./bulk";
import { decode, type Decoded } from "./decode";
import { putDeadLetters, toDeadLetters } from "./dead-letters";
import { deliver, type Delivery, type DeliveryContext, type Failed } from "./deliver";
import { toAction, type Action } from "./document";
import { Summary } from "./summary";
import type { Settings } from "./settings";
import type { Transport } from "./transport";

/** What one invocation works with. */
export interface ShipContext {
  readonly settings: Settings;
  readonly transport: Transport;
  readonly requestId: string;
  readonly now: () => number;
  /** Milliseconds until Lambda ends the invocation. */
  readonly remainingMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly random: () => number;
}

/** The invocation has to be tried again, or kept, by Lambda: not everything it was given is in the index or a dead letter. */
export class ShippingFailed extends Error {
  override readonly name = "ShippingFailed";
}

/** Time kept back for dead letters and the log line. */
const RESERVE_MS = 12_000;

/**
 * Carries one invocation's records into the index, and what cannot go there into the dead letters.
 *
 * @param report called once, also before an error is thrown, with what became of each record
 * @throws ShippingFailed if the domain refuses the caller, or the dead-letter bucket does: Lambda's own retries and its
 * on-failure destination keep the payload then
 * @throws NotALogsEvent if the event is none of CloudWatch Logs
 */
export async function ship(event: unknown, context: ShipContext, report: (summary: Summary) => void): Promise<void> {
  const decoded = decode(event);
  const summary = new Summary(context.settings.deadLetterPrefix.split("/", 1)[0]!);
  try {
    if (decoded.kind === "undecodable") await keepUndecodable(decoded.data, decoded.detail, summary, context);
    if (decoded.kind === "records") await shipRecords(decoded, summary, context);
  } finally {
    report(summary);
  }
}

async function shipRecords(
  { source, logEvents, data }: Extract<Decoded, { kind: "records" }>,
  summary: Summary,
  context: ShipContext,
): Promise<void> {
  const { settings } = context;
  const now = context.now();
  const delivery = await deliver(made(), deliveryContext(context));
  summary.take(delivery, now);
  if (delivery.refused !== undefined) {
    summary.undelivered = delivery.undelivered.length;
    const problem = `the domain refuses the caller: ${delivery.refused}`;
    await keepAll({ rejected: delivery.rejected, undelivered: [] }, summary, context).catch((error: unknown) => {
      throw new ShippingFailed(`${problem}; ${(error as Error).message}`);
    });
    throw new ShippingFailed(problem);
  }
  await keepAll(delivery, summary, context);
  if (logEvents.problem !== undefined) await keepUndecodable(data, logEvents.problem, summary, context);

  /** One by one, when the one before has been written: what a document was made of need not be kept until all are. */
  function* made(): Generator<Action> {
    for (const logEvent of logEvents) {
      const action = toAction(logEvent, source, settings, now);
      summary.receive(action);
      yield action;
    }
  }
}

/** Both kinds of dead letters; one that cannot be kept does not keep the other from being tried. */
async function keepAll(
  { rejected, undelivered }: Pick<Delivery, "rejected" | "undelivered">,
  summary: Summary,
  context: ShipContext,
): Promise<void> {
  const results = await Promise.allSettled([
    keep("rejected", rejected, summary, context),
    keep("undelivered", undelivered, summary, context),
  ]);
  const failed = results.flatMap((result) => (result.status === "rejected" ? [result.reason as Error] : []));
  if (failed.length > 0) throw new ShippingFailed(failed.map(({ message }) => message).join("; "));
}

async function keep(
  reason: "rejected" | "undelivered",
  failed: readonly Failed[],
  summary: Summary,
  context: ShipContext,
): Promise<void> {
  if (failed.length === 0) return;
  try {
    await putDeadLetters(reason, toDeadLetters(reason, failed), context);
    summary.deadLettered += failed.length;
    summary.details.add(`${reason}: ${withoutContent(failed[0]!.detail)}`);
  } catch (error) {
    summary.undelivered += failed.length;
    throw error;
  }
}

/** Keeps a payload that cannot be read, or not to its end, as it came: it counts as one more record. */
async function keepUndecodable(data: string, detail: string, summary: Summary, context: ShipContext): Promise<void> {
  summary.received += 1;
  try {
    await putDeadLetters("undecodable", [{ reason: "undecodable", detail, data }], context);
    summary.deadLettered += 1;
    summary.details.add(`undecodable: ${detail}`);
  } catch (error) {
    summary.undelivered += 1;
    throw new ShippingFailed((error as Error).message);
  }
}

function deliveryContext(context: ShipContext): DeliveryContext {
  return { ...context, remainingMs: () => context.remainingMs() - RESERVE_MS };
}
