import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  type InputLogEvent,
} from "@aws-sdk/client-cloudwatch-logs";

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
const MAX_BATCH_BYTES = 1_048_576;
const MAX_BATCH_EVENTS = 10_000;
const EVENT_OVERHEAD_BYTES = 26;

/** One CloudTrail record on its way into a log group: the line as CloudTrail writes it. */
export interface OutgoingRecord {
  readonly message: string;
}

/**
 * Puts records into an account's log group as CloudTrail does: into the stream `<account>_CloudTrail_<region>`, one
 * record an event, in batches within the limits of PutLogEvents.
 *
 * @param advance called with the number of records of each batch that was taken
 * @throws Error if CloudWatch Logs takes a batch only in part
 */
export async function putRecords(
  logs: CloudWatchLogsClient,
  destination: { readonly logGroup: string; readonly logStream: string },
  records: readonly OutgoingRecord[],
  advance: (records: number) => void,
): Promise<void> {
  const names = { logGroupName: destination.logGroup, logStreamName: destination.logStream };
  await createLogStream(logs, names);
  for (const logEvents of batches(records)) {
    const { rejectedLogEventsInfo } = await logs.send(new PutLogEventsCommand({ ...names, logEvents }));
    if (rejectedLogEventsInfo) {
      throw new Error(`${destination.logGroup}: events were rejected: ${JSON.stringify(rejectedLogEventsInfo)}`);
    }
    advance(logEvents.length);
  }
}

async function createLogStream(
  logs: CloudWatchLogsClient,
  names: { logGroupName: string; logStreamName: string },
): Promise<void> {
  try {
    await logs.send(new CreateLogStreamCommand(names));
  } catch (error) {
    if ((error as Error).name !== "ResourceAlreadyExistsException") throw error;
  }
}

function* batches(records: readonly OutgoingRecord[]): Generator<InputLogEvent[]> {
  // The time of a log event is that of its delivery, not that of the call it tells of.
  const timestamp = Date.now();
  let batch: InputLogEvent[] = [];
  let bytes = 0;
  for (const { message } of records) {
    const size = Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
    if (batch.length === MAX_BATCH_EVENTS || (batch.length > 0 && bytes + size > MAX_BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push({ timestamp, message });
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
