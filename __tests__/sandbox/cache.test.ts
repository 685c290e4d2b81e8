import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

// Hoisted above the imports: the cache is named when its module is loaded.
jest.mock("env-paths", () => () => ({
  cache: `${jest.requireActual<typeof import("node:os")>("node:os").tmpdir()}/cache-test-${process.pid}`,
}));
import { cached, CACHE_DIRECTORY } from "../../sandbox/cache";

afterAll(() => rmSync(CACHE_DIRECTORY, { recursive: true }));

const fill = (text: string) => (folder: string) => {
  writeFileSync(join(folder, "content"), text);
  return Promise.resolve();
};

test("what was made once is not made again", async () => {
  const folder = await cached("thing", ["version 1"], fill("first"));
  expect(folder.startsWith(CACHE_DIRECTORY)).toBe(true);
  expect(await cached("thing", ["version 1"], fill("second"))).toBe(folder);
  expect(readFileSync(join(folder, "content"), "utf8")).toBe("first");
});

test("what it is made from decides which it is", async () => {
  const names = [
    await cached("thing", ["version 2"], fill("")),
    await cached("thing", ["version", "2"], fill("")),
    await cached("thing", [Buffer.from("version 3")], fill("")),
  ].map((folder) => basename(folder));
  expect(new Set(names).size).toBe(3);
  for (const name of names) expect(name).toMatch(/^thing-[0-9a-f]{16}$/);
});

test("half of a thing is never met: what failed is made again", async () => {
  const broken = async (folder: string) => {
    await fill("half")(folder);
    throw new Error("no network");
  };
  await expect(cached("other", [], broken)).rejects.toThrow("no network");
  expect(readdirSync(CACHE_DIRECTORY).filter((name) => name.startsWith("other") || name.startsWith(".making"))).toEqual(
    [],
  );
  expect(readFileSync(join(await cached("other", [], fill("whole")), "content"), "utf8")).toBe("whole");
});

test("of two runs at once one makes it, and the other waits", async () => {
  let made = 0;
  const slowly = async (folder: string) => {
    made += 1;
    await new Promise((resolve) => setTimeout(resolve, 100));
    await fill("done")(folder);
  };
  const folders = await Promise.all([cached("shared", [], slowly), cached("shared", [], slowly)]);
  expect(made).toBe(1);
  expect(folders[0]).toBe(folders[1]);
  expect(existsSync(join(folders[1], "content"))).toBe(true);
});
