import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { startEngine } from "../../../sandbox/engine";
import { lookAtEngine } from "../../../sandbox/engine/running";
import { describeWith } from "../../support/tools";

// A first start fetches the engine.
jest.setTimeout(300_000);

describeWith(["java", "mvn"], "a real engine", () => {
  test.each([
    ["es7", "Elasticsearch_7.10"],
    ["os2", "OpenSearch_2.19"],
  ] as const)("%s comes up, keeps documents, and leaves nothing behind", async (kind, engineVersion) => {
    const before = homes(kind);
    const engine = await startEngine(kind);
    try {
      expect(engine.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(await lookAtEngine(engine.url)).toEqual({ url: engine.url, engineVersion });
      const written = await fetch(`${engine.url}/a/_doc/1?refresh=true`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: '{"b":1}',
      });
      expect(written.status).toBe(201);
      const found = (await (await fetch(`${engine.url}/a/_search`)).json()) as { hits: { total: { value: number } } };
      expect(found.hits.total.value).toBe(1);
      // What small instances of Amazon's refuse.
      const large = await fetch(`${engine.url}/_bulk`, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body: "x".repeat(11 * 1024 * 1024),
      }).then(
        ({ status }) => status,
        () => "connection closed",
      );
      expect([413, "connection closed"]).toContain(large);
    } finally {
      await engine.stop();
    }
    await expect(fetch(engine.url)).rejects.toThrow();
    expect(homes(kind)).toEqual(before);
  });

  test("settings that no node knows are an error that says why, and leave nothing behind", async () => {
    const before = homes("es7");
    await expect(startEngine("es7", { settings: { "no.such.setting": "1" } })).rejects.toThrow(/unknown setting/);
    expect(homes("es7")).toEqual(before);
  });
});

function homes(kind: string): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`cloudtrail-${kind}-`));
}
