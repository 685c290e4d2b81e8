import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { mockClient } from "aws-sdk-client-mock";
import { putRecords } from "../../sandbox/traffic";

const DESTINATION = { logGroup: "CloudTrail/DefaultLogGroup", logStream: "111111111111_CloudTrail_ap-northeast-1" };
const logs = mockClient(CloudWatchLogsClient);

beforeEach(() => {
  logs.reset();
  logs.on(CreateLogStreamCommand).resolves({});
  logs.on(PutLogEventsCommand).resolves({});
});

test("each record becomes one event, in order, in the stream that it makes", async () => {
  await put([{ message: "a" }, { message: "b" }]);
  expect(logs.commandCalls(CreateLogStreamCommand)[0]?.args[0].input).toEqual({
    logGroupName: DESTINATION.logGroup,
    logStreamName: DESTINATION.logStream,
  });
  const [batch] = batches();
  expect(batch?.map(({ message }) => message)).toEqual(["a", "b"]);
  expect(Math.abs(batch![0]!.timestamp! - Date.now())).toBeLessThan(10_000);
});

test("a stream that is there already is used", async () => {
  logs.on(CreateLogStreamCommand).rejects({ name: "ResourceAlreadyExistsException" });
  await put([{ message: "a" }]);
  expect(batches()).toHaveLength(1);
});

test("any other refusal is an error", async () => {
  logs.on(CreateLogStreamCommand).rejects({ name: "AccessDeniedException" });
  await expect(put([{ message: "a" }])).rejects.toMatchObject({ name: "AccessDeniedException" });
});

test("batches keep within what CloudWatch Logs takes: 10,000 events, 1 MiB with 26 bytes for each", async () => {
  await put(Array.from({ length: 10_001 }, () => ({ message: "x" })));
  expect(batches().map(({ length }) => length)).toEqual([10_000, 1]);
  logs.resetHistory();
  const large = { message: "é".repeat(131_059) };
  const advanced = await put([large, large, large, large, large]);
  expect(batches().map(({ length }) => length)).toEqual([4, 1]);
  expect(advanced).toEqual([4, 1]);
});

test("events that are not taken are an error", async () => {
  logs.on(PutLogEventsCommand).resolves({ rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1 } });
  await expect(put([{ message: "a" }])).rejects.toThrow("events were rejected");
});

async function put(records: { message: string }[]): Promise<number[]> {
  const advanced: number[] = [];
  const client = new CloudWatchLogsClient({ region: "ap-northeast-1" });
  await putRecords(client, DESTINATION, records, (count) => advanced.push(count));
  return advanced;
}

function batches() {
  return logs.commandCalls(PutLogEventsCommand).map(({ args }) => args[0].input.logEvents ?? []);
}
