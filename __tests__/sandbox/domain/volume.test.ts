import { withVolume } from "../../../sandbox/domain/volume";

const GIB = 1024 ** 3;
const answer = (rows: unknown, status = 200) => ({ status, headers: {}, body: Buffer.from(JSON.stringify(rows)) });
const NODE = {
  ...{ shards: "4", "disk.indices": String(GIB), "disk.used": "7", "disk.avail": "8", "disk.total": "15" },
  ...{ "disk.percent": "46", host: "127.0.0.1", ip: "127.0.0.1", node: "a" },
};
/** The row of copies that have no place. */
const UNASSIGNED = { shards: "1", "disk.indices": null, "disk.total": null, node: "UNASSIGNED" };

test("a node has a volume of the given size, with nothing but its indices on it", () => {
  const shown = withVolume(answer([NODE, UNASSIGNED]), 100 * GIB);
  expect(JSON.parse(shown.body.toString())).toEqual([
    {
      ...NODE,
      "disk.used": String(GIB),
      "disk.avail": String(99 * GIB),
      "disk.total": String(100 * GIB),
      "disk.percent": "1",
    },
    UNASSIGNED,
  ]);
});

test("a volume smaller than its indices is full", () => {
  const [row] = JSON.parse(withVolume(answer([NODE]), 1024).body.toString()) as Record<string, string>[];
  expect(row).toMatchObject({ "disk.avail": "0", "disk.total": "1024", "disk.percent": "100" });
});

test("errors and the table for people are let be", () => {
  const refused = answer({ error: "x" }, 403);
  expect(withVolume(refused, GIB)).toBe(refused);
  const table = { ...answer(""), body: Buffer.from("4 1gb 7 8 15 46 127.0.0.1 127.0.0.1 a\n") };
  expect(withVolume(table, GIB)).toBe(table);
});
