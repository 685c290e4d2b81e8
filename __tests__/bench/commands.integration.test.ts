import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { npmRun } from "../support/command";
import { describeWith } from "../support/tools";

// Whether a bar is met is the machine's affair: the commands end with 1 where one is missed, and say which.

test("npm run bench measures the shipper, and prints the README's table of it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-test-"));
  try {
    const output = join(folder, "results.json");
    const measured = await npmRun("bench", ["--only", "cpu", "--runs", "1", "--output", output]);
    expect([0, 1]).toContain(measured.code);
    const results = JSON.parse(readFileSync(output, "utf8")) as { cpuVsFloor: number; cpuVsArticle: number };
    expect(results).toMatchObject({
      cpuVsFloor: expect.any(Number) as number,
      cpuVsArticle: expect.any(Number) as number,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const table = await npmRun("bench", ["--table"]);
  expect(table).toMatchObject({ code: 0, stdout: expect.stringContaining("against the floor") as string });
});

describeWith(["java", "mvn"], "npm run bench:verify", () => {
  test("measures verify by itself, and with each engine to wait for", async () => {
    const { code, stdout, stderr } = await npmRun("bench:verify", [], { BENCH_RECORDS: "2000" });
    expect({ stdout, stderr, isEnd: code === 0 || code === 1 }).toMatchObject({ isEnd: true });
    for (const text of ["2,000", "Elasticsearch 7.10 read through TLS", "OpenSearch 2.19 read through TLS"])
      expect(stdout).toContain(text);
  });
});
