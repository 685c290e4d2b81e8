import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { toPairs } from "../lambda/shipper/pairs";
import { MAX_DEPTH, MAX_PAIRS, MAX_PAIR_LENGTH } from "../lambda/shipper/pairs";
import { savedObjects } from "../modules/dashboards";
import { PROJECT } from "./support/command";
import { exampleConfig, resourcesOf, synthesizedStacks, type Resource } from "./support/stacks";

const RUNBOOK = readFileSync(join(PROJECT, "docs", "runbook.md"), "utf8");

/** Every part of the page under a heading, by the heading. */
const sections = new Map(
  RUNBOOK.split(/^#+ /m)
    .slice(1)
    .map((section) => [section.split("\n", 1)[0]!, section] as const),
);

const alarms = Object.values(synthesizedStacks(exampleConfig())).flatMap((stack) =>
  resourcesOf(stack, "aws_cloudwatch_metric_alarm"),
);

const ENTRY = / docs\/runbook\.md#([a-z-]+)$/;

/** The entry that an alarm's description ends with. */
function entryOf({ alarm_description: description }: Resource): string {
  return ENTRY.exec(String(description))?.[1] ?? "";
}

describe("alarms", () => {
  test("there are some in each source account, and some of the domain", () => {
    const names = alarms.map(({ alarm_name: name }) => String(name));
    for (const start of ["LogsToElasticsearch_cloudtrail-", "LogsToElasticsearchEx_", "cloudtrail-domain-"]) {
      expect(names.filter((name) => name.startsWith(start)).length).toBeGreaterThan(3);
    }
  });

  test.each([...new Map(alarms.map((alarm) => [entryOf(alarm), alarm]))])(
    "%s: the runbook says what it means, what to look at and what to do",
    (entry, alarm) => {
      const section = sections.get(entry);
      expect(section).toBeDefined();
      expect(section).toContain(`\`${String(alarm.metric_name)}\``);
      expect(section).toContain(`\`${String(alarm.namespace)}\``);
      for (const part of ["Means", "Look at", "Do"])
        expect(section).toMatch(new RegExp(`^- \\*\\*${part}\\*\\*: `, "m"));
    },
  );

  test("every alarm's description ends with its entry, and its name with the entry's", () => {
    for (const alarm of alarms) {
      expect(alarm.alarm_description).toMatch(ENTRY);
      expect(String(alarm.alarm_name).endsWith(`-${entryOf(alarm)}`)).toBe(true);
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
      expect(String(alarm.alarm_description).length).toBeLessThanOrEqual(1024);
    }
  });

  test("the runbook has no entry of an alarm that is not there", () => {
    const chapters = RUNBOOK.split("## Alarms\n")[1]!.split(/^## /m)[0]!;
    const entries = [...chapters.matchAll(/^#### (.+)$/gm)].map(([, entry]) => entry);
    expect(new Set(entries)).toEqual(new Set(alarms.map(entryOf)));
  });
});

describe("searching requests", () => {
  const [, example = "{}"] = /```json\n([^]*?)\n```/.exec(RUNBOOK) ?? [];
  const { pairs } = toPairs(JSON.parse(example));
  const rows = [...RUNBOOK.matchAll(/^\| .+? \| `@requestParameters: (.+?)` \| `@requestParameters:(.+?)` \|$/gm)];

  test("there are exact, prefix and wildcard searches", () => {
    expect(rows.length).toBeGreaterThanOrEqual(5);
  });

  test.each(rows.map(([, kql, lucene]) => [kql!, lucene!]))("%s finds the example, as %s does", (kql, lucene) => {
    expect(pairs.filter((pair) => pattern(kql).test(pair))).not.toEqual([]);
    expect(pattern(lucene.replace(/\\(.)/g, "$1"))).toEqual(pattern(kql));
  });

  test("the bounds are those of the shipper", () => {
    const text = RUNBOOK.replace(/\s+/g, " ");
    const length = MAX_PAIR_LENGTH.toLocaleString("en");
    expect(text).toContain(`at most ${MAX_PAIRS} pairs of at most ${length} characters and ${MAX_DEPTH} levels`);
  });

  /** What a search finds: the whole term; a star outside of quotes is anything. */
  function pattern(search: string): RegExp {
    const quoted = /^"(.*)"$/.exec(search)?.[1];
    const literal = (text: string) => text.replace(/[.+?^${}()|[\]\\*]/g, "\\$&");
    return new RegExp(`^${quoted === undefined ? search.split("*").map(literal).join(".*") : literal(quoted)}$`);
  }
});

test("the panels and saved searches that the runbook and the decisions name are there", () => {
  const titles = new Set(savedObjects({ excludedUsers: [] }).map(({ attributes }) => attributes.title));
  const folder = join(PROJECT, "docs", "decisions");
  const pages = [RUNBOOK, ...readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"))];
  const named = pages
    .flatMap((page) => [...page.replace(/\s+/g, " ").matchAll(/(?:saved search|panel) _([^_]+)_/g)])
    .map(([, title]) => title!);
  expect(named.length).toBeGreaterThan(2);
  expect(named.filter((title) => !titles.has(title))).toEqual([]);
});

test("every link within the page leads to a heading", () => {
  const anchors = new Set([...sections.keys()].map(anchor));
  const links = [...RUNBOOK.matchAll(/\]\(#([^)]+)\)/g)].map(([, link]) => link!);
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter((link) => !anchors.has(link))).toEqual([]);
});

/** As GitHub makes it. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, "")
    .trim()
    .replaceAll(" ", "-");
}
