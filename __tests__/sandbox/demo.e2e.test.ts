import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareEngine, startEngine } from "../../sandbox/engine";
import { npmRun, PROJECT, runScript } from "../support/command";
import { describeWith } from "../support/tools";

const ARTICLE_PANELS = [
  "eventName_AreaChart",
  "errorCode_AreaChart",
  "Region_PieChart",
  "Owner_PieChart",
  "userName_TagCloud",
  "sessionIssuer.userName_TagCloud",
  "InvokedBy_TagCloud",
];

const REAL_CORPORA = ["boogy_sanitized", "invictus_stratus", "opensearch_catalog", "stratus_red_team", "traildiscover"];

describeWith(["terraform", "java", "mvn", "python3"], "npm run demo", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "demo-test-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("ships a made-up day, draws every panel of both dashboards, plans nothing anew and destroys all", async () => {
    const page = join(folder, "dashboard.html");
    const picture = join(folder, "dashboard.svg");
    const { code, stdout, stderr } = await demo(folder, ["--engine", "es7", "--output", page, "--picture", picture]);
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain("Everything is as it should be.");
    expect(stdout.match(/\b\d{12} .*complete/g)).toHaveLength(3);
    const html = readFileSync(page, "utf8");
    for (const panel of ARTICLE_PANELS) expect(html).toContain(`data-panel="${panel}"`);
    expect(readFileSync(picture, "utf8")).toMatch(/^<svg [^]*CloudTrail/);
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org\/)/);
    expect(leftBehind(folder)).toEqual([]);
  });

  const corpora = process.env.CORPORA;
  (corpora === undefined ? test.skip : test)(
    "with the corpora on OpenSearch: every record is indexed exactly once, all seven panels have data",
    async () => {
      const files = REAL_CORPORA.map((name) => join(corpora ?? "", `${name}.jsonl.gz`));
      const page = join(folder, "dashboard.html");
      const { code, stdout, stderr } = await demo(folder, [
        ...["--engine", "os2", "--output", page],
        ...["--records", ...files],
      ]);
      expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
      const rows = [...stdout.matchAll(/│ \d{12} │ \w+ +│ +([\d,]+) │ +([\d,]+) │ +([\d,]+) │ +([\d,]+) │ complete/g)];
      const sums = [1, 2, 3, 4].map((column) =>
        rows.reduce((sum, row) => sum + Number(row[column]!.replace(",", "")), 0),
      );
      expect(sums).toEqual([6053, 6053, 0, 0]);
      expect(leftBehind(folder)).toEqual([]);
    },
  );

  test("an engine that already runs is used, and left as it was", async () => {
    const engine = await startEngine("os2");
    try {
      const page = join(folder, "dashboard.html");
      const { code, stdout, stderr } = await demo(folder, ["--output", page], { SEARCH_URL: engine.url });
      expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
      expect(await (await fetch(`${engine.url}/_cat/indices/cwl-*`)).text()).toBe("");
    } finally {
      await engine.stop();
    }
  });

  test("after Ctrl-C in the middle of the deployment nothing is left: no processes, no files", async () => {
    await prepareEngine("es7");
    const child = spawn(process.execPath, ["--import", "tsx", "sandbox/demo.ts"], {
      cwd: PROJECT,
      env: { ...process.env, TMPDIR: folder },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let printed = "";
    child.stderr.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes("- Deployment")) child.kill("SIGINT");
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect({ code, printed }).toMatchObject({ code: 130 });
    expect(leftBehind(folder)).toEqual([]);
    expect(processesIn(folder)).toEqual([]);
  });

  test("what is missing on the machine is said at once, all together, with the remedy", async () => {
    const { code, stderr } = await runScript("sandbox/demo.ts", [], { PATH: join(folder, "no-such-folder") });
    expect(code).toBe(1);
    for (const program of ["terraform", "java", "mvn", "python3"]) {
      expect(stderr).toMatch(new RegExp(`- ${program} \\(.*\\).*: install`));
    }
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("a file that holds no records ends the run with its name, before anything is started", async () => {
    const { code, stderr } = await demo(folder, ["--records", join(folder, "none.json")]);
    expect(code).toBe(1);
    expect(stderr).toContain("none.json");
    expect(stderr).not.toMatch(/Search engine|^\s+at /m);
  });
});

/** The demo, with a folder of its own for temporary files. */
function demo(folder: string, args: readonly string[], env: Record<string, string> = {}) {
  return npmRun("demo", args, { TMPDIR: folder, SEARCH_URL: undefined, ...env });
}

/** Temporary files of the sandbox. */
function leftBehind(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith("cloudtrail-"));
}

/** Command lines that name a folder. */
function processesIn(folder: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(join("/proc", pid, "cmdline"), "utf8").replaceAll("\0", " ")];
      } catch {
        // It ended meanwhile.
        return [];
      }
    })
    .filter((line) => line.includes(folder) && !line.includes("jest"));
}
