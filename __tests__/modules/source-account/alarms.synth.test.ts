import { exampleConfig, resourceOf, resourcesOf, synthesizedStacks } from "../../support/stacks";

const TOPIC = "arn:aws:sns:ap-northeast-1:111111111111:alarms";
const stack = synthesizedStacks(exampleConfig())["accounts-1"];
const ofManagement = resourcesOf(stack, "aws_cloudwatch_metric_alarm").filter(
  ({ provider }) => provider === "aws.account_111111111111",
);
const alarm = (metric: string) =>
  resourceOf(stack, "aws_cloudwatch_metric_alarm", {
    provider: "aws.account_111111111111",
    metric_name: metric,
  });

test.each([
  ["records that CloudWatch Logs cannot hand over", "AWS/Logs", "DeliveryErrors"],
  ["records that CloudWatch Logs hands over late", "AWS/Logs", "DeliveryThrottling"],
  ["a shipper that fails", "AWS/Lambda", "Errors"],
  ["a shipper that may not run", "AWS/Lambda", "Throttles"],
  ["payloads that Lambda gives up", "AWS/Lambda", "AsyncEventsDropped"],
  ["payloads that wait", "AWS/Lambda", "AsyncEventAge"],
  ["dead letters that Lambda cannot keep", "AWS/Lambda", "DestinationDeliveryFailures"],
  ["dead letters", "CloudTrailShipper", "RecordsDeadLettered"],
  ["records that are nowhere", "CloudTrailShipper", "RecordsUndelivered"],
  ["records that come late", "CloudTrailShipper", "DeliveryLagSeconds"],
  ["an account from which nothing comes", "CloudTrailShipper", "RecordsReceived"],
])("alarm on %s: %s %s", (_, namespace, metric) => {
  expect(alarm(metric)).toMatchObject({ namespace });
});

test("every member has the alarms that the management account has", () => {
  const metrics = (account: string) =>
    resourcesOf(stack, "aws_cloudwatch_metric_alarm")
      .filter(({ provider }) => provider === `aws.account_${account}`)
      .map(({ metric_name: metric }) => metric);
  for (const member of ["222222222222", "333333333333"]) expect(metrics(member)).toEqual(metrics("111111111111"));
});

test("no data is an alarm only for a silent account", () => {
  const breaching = ofManagement.filter(({ treat_missing_data: missing }) => missing === "breaching");
  expect(breaching).toEqual([expect.objectContaining({ metric_name: "RecordsReceived", period: 21_600 })]);
  expect(ofManagement.filter((one) => one.treat_missing_data === "notBreaching")).toHaveLength(ofManagement.length - 1);
});

test("one payload that comes late is no lag; that all of them do is", () => {
  expect(alarm("DeliveryLagSeconds")).toMatchObject({ statistic: "Minimum", threshold: 3600, evaluation_periods: 2 });
});

test("each looks at its own account's function, log group and records", () => {
  const dimensions: Readonly<Record<string, object>> = {
    "AWS/Logs": {
      LogGroupName: "CloudTrail/DefaultLogGroup",
      DestinationType: "Lambda",
      FilterName: "LogsToElasticsearch_cloudtrail",
    },
    "AWS/Lambda": { FunctionName: "LogsToElasticsearch_cloudtrail" },
    CloudTrailShipper: { Account: "111111111111" },
  };
  for (const one of ofManagement) expect(one.dimensions).toEqual(dimensions[String(one.namespace)]);
});

test("alarms notify nobody, or the configured topic when they go off and when they are over", () => {
  for (const one of ofManagement) expect(one).not.toHaveProperty("alarm_actions");
  const config = exampleConfig((example) => ({
    ...example,
    operations: { ...example.operations, alarmTopicArn: TOPIC },
  }));
  for (const one of resourcesOf(synthesizedStacks(config)["accounts-1"], "aws_cloudwatch_metric_alarm")) {
    expect(one).toMatchObject({ alarm_actions: [TOPIC], ok_actions: [TOPIC] });
  }
});
