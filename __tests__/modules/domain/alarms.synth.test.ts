import { exampleConfig, resourceOf, resourcesOf, synthesizedStacks } from "../../support/stacks";

const config = exampleConfig();
const alarms = resourcesOf(synthesizedStacks(config).domain, "aws_cloudwatch_metric_alarm");
const alarm = (metric: string) =>
  resourceOf(synthesizedStacks(config).domain, "aws_cloudwatch_metric_alarm", { metric_name: metric });

test.each([
  ["a primary shard that is lost", "ClusterStatus.red", 1, "GreaterThanOrEqualToThreshold"],
  ["a quarter of the volume left, in MiB", "FreeStorageSpace", 25_600, "LessThanOrEqualToThreshold"],
  ["writes that are blocked", "ClusterIndexWritesBlocked", 1, "GreaterThanOrEqualToThreshold"],
  ["memory that is nearly full", "JVMMemoryPressure", 95, "GreaterThanOrEqualToThreshold"],
])("alarm on %s: %s", (_, metric, threshold, comparison) => {
  expect(alarm(metric)).toMatchObject({ namespace: "AWS/ES", threshold, comparison_operator: comparison });
});

test("free storage is the smallest of all nodes, and a quarter of the configured volume", () => {
  expect(alarm("FreeStorageSpace")).toMatchObject({ statistic: "Minimum" });
  const larger = { ...config, search: { ...config.search, volumeSizeGib: 400 } };
  const { threshold } = resourceOf(synthesizedStacks(larger).domain, "aws_cloudwatch_metric_alarm", {
    metric_name: "FreeStorageSpace",
  });
  expect(threshold).toBe(102_400);
});

test("each looks at the domain in the management account; no data is no alarm", () => {
  expect(alarms).toHaveLength(4);
  for (const one of alarms) {
    expect(one).toMatchObject({
      dimensions: { DomainName: "cloudtrail", ClientId: "111111111111" },
      treat_missing_data: "notBreaching",
    });
  }
});
