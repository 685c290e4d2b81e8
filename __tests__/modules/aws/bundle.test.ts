import { createHash } from "node:crypto";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { bundle } from "../../../modules/aws";
import { PROJECT } from "../../support/command";

describe.each(["shipper", "gateway"])("the package of the %s", (name) => {
  const { zip, hash } = bundle(join(PROJECT, "lambda", name, "handler.ts"));
  const files = unzipSync(zip);

  test("is one file, index.js, with everything in it", () => {
    expect(Object.keys(files)).toEqual(["index.js"]);
    const code = Buffer.from(files["index.js"]!).toString("utf8");
    const required = [...code.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, module]) => module!);
    expect(required.filter((module) => !/^(node:)?[a-z_]+(\/[a-z]+)?$/.test(module))).toEqual([]);
    expect(code).toMatch(/handler/);
  });

  test("holds no path of this machine", () => {
    const code = Buffer.from(files["index.js"]!).toString("utf8");
    expect(code).not.toContain(PROJECT);
    expect(code).not.toContain("node_modules");
  });

  test("has the hash that Lambda answers as CodeSha256", () => {
    expect(hash).toBe(createHash("sha256").update(zip).digest("base64"));
  });
});

test("sources that cannot be bundled are named", () => {
  expect(() => bundle(join(__dirname, "no-such-handler.ts"))).toThrow(/no-such-handler\.ts/);
});
