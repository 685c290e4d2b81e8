import { withoutContent } from "./bulk";
import { decode, type Decoded } from "./decode";
import { putDeadLetters, toDeadLetters, type DeadLetter, type DeadLetterReason } from "./dead-letters";
import { deliver, type DeliveryContext } from "./deliver";
import { toAction, type Action } from "./document";
import { Summary } from "./summary";
import type { Settings } from "./settings";
import { arrivalTime } from "./times";
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
    if (decoded.kind === "undecodable") {
      summary.received = 1;
      await keepAll([undecodable(decoded.data, decoded.detail)], summary, context);
    }
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
  summary.take(delivery, context.now());
  const rejected = { reason: "rejected", letters: toDeadLetters("rejected", delivery.rejected) } as const;
  if (delivery.refused !== undefined) {
    summary.undelivered = delivery.undelivered.length;
    const problem = `the domain refuses the caller: ${delivery.refused}`;
    await keepAll([rejected], summary, context).catch((error: unknown) => {
      throw new ShippingFailed(`${problem}; ${(error as Error).message}`);
    });
    throw new ShippingFailed(problem);
  }
  const undelivered = { reason: "undelivered", letters: toDeadLetters("undelivered", delivery.undelivered) } as const;
  const unread = logEvents.problem === undefined ? [] : [undecodable(data, logEvents.problem)];
  // Beside the records that were read, the rest of the payload counts as one.
  summary.received += unread.length;
  await keepAll([...unread, rejected, undelivered], summary, context);

  /** One by one, when the one before has been written: what a document was made of need not be kept until all are. */
  function* made(): Generator<Action> {
    for (const logEvent of logEvents) {
      const action = toAction(logEvent, source, settings, arrivalTime(logEvent.timestamp, now));
      summary.receive(action, now);
      yield action;
    }
  }
}

/** Dead letters of one reason. */
interface Letters {
  readonly reason: DeadLetterReason;
  readonly letters: readonly DeadLetter[];
}

/** A payload that cannot be read, or not to its end: kept as it came. */
function undecodable(data: string, detail: string): Letters {
  return { reason: "undecodable", letters: [{ reason: "undecodable", detail, data }] };
}

/**
 * Keeps dead letters, one object for each reason, one after the other. What was not delivered in time comes last: if an
 * object is not taken, Lambda tries the payload again, and what is delivered then must be no dead letter.
 *
 * @throws ShippingFailed if one is not taken
 */
async function keepAll(all: readonly Letters[], summary: Summary, context: ShipContext): Promise<void> {
  summary.undelivered += all.reduce((sum, { letters }) => sum + letters.length, 0);
  for (const { reason, letters } of all) {
    if (letters.length === 0) continue;
    await putDeadLetters(reason, letters, context).catch((error: unknown) => {
      throw new ShippingFailed((error as Error).message);
    });
    summary.undelivered -= letters.length;
    summary.deadLettered += letters.length;
    summary.details.add(`${reason}: ${withoutContent(letters[0]!.detail)}`);
  }
}

function deliveryContext(context: ShipContext): DeliveryContext {
  return { ...context, remainingMs: () => context.remainingMs() - RESERVE_MS };
}
