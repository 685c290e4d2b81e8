import { parse } from "yaml";
import { parseConfig } from "../../modules/config";
import { sandboxConfiguration } from "../../sandbox/configuration";

test("is the example's, valid like any user's", () => {
  const { config, warnings } = parseConfig(sandboxConfiguration("OpenSearch_2.19"));
  // The example's network is nobody's, and in the sandbox nobody needs one.
  expect(warnings).toEqual([expect.stringContaining("203.0.113.10/32")]);
  expect(config.search.engineVersion).toBe("OpenSearch_2.19");
  expect(config.members.map(({ name }) => name)).toEqual(["production", "staging"]);
});

test("lets buckets go with what is in them", () => {
  const { config } = parseConfig(sandboxConfiguration("Elasticsearch_7.10"));
  expect([config.archive.forceDestroy, config.deadLetters.forceDestroy]).toEqual([true, true]);
});

test("takes changes, path by path; undefined takes something out", () => {
  const yaml = sandboxConfiguration("Elasticsearch_7.10", [
    [["members", 1], undefined],
    [["search", "retentionDays"], 30],
    [["members", 0, "state"], "leaving"],
  ]);
  const { members, search } = parse(yaml) as { members: { state: string }[]; search: { retentionDays: number } };
  expect(members.map(({ state }) => state)).toEqual(["leaving"]);
  expect(search.retentionDays).toBe(30);
});
