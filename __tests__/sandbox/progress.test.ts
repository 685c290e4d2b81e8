import { SilentProgress, TerminalProgress, type Progress } from "../../sandbox/progress";

let written: string[];
beforeEach(() => {
  written = [];
  const collect = (text: string | Uint8Array) => {
    written.push(String(text));
    return true;
  };
  jest.spyOn(process.stderr, "write").mockImplementation(collect);
  jest.spyOn(process.stdout, "write").mockImplementation(() => {
    throw new Error("standard output is for results");
  });
});
afterEach(() => jest.restoreAllMocks());

const KINDS: readonly (readonly [string, () => Progress])[] = [
  ["on a terminal or in a log", () => new TerminalProgress()],
  ["in tests", () => new SilentProgress()],
];

describe.each(KINDS)("%s", (_, make) => {
  test("steps and bars give what their work gives", async () => {
    const progress = make();
    const step = await progress.step("Engine", (detail) => {
      detail("downloading");
      return Promise.resolve(7);
    });
    const bar = await progress.bar("Records", 3, (advance) => {
      advance(3);
      return Promise.resolve("done");
    });
    expect([step, bar]).toEqual([7, "done"]);
  });

  test("a failure goes on to whoever waits", async () => {
    const failing = () => Promise.reject(new Error("broken"));
    await expect(make().step("Engine", failing)).rejects.toThrow("broken");
    await expect(make().bar("Records", 1, failing)).rejects.toThrow("broken");
  });
});

test("each step and each bar leaves a line that says how it ended", async () => {
  const progress = new TerminalProgress();
  await progress.step("Engine", () => Promise.resolve());
  await progress.bar("Records", 2, () => Promise.resolve());
  await progress.step("Domain", () => Promise.reject(new Error("broken"))).catch(() => undefined);
  await progress.bar("Letters", 2, () => Promise.reject(new Error("broken"))).catch(() => undefined);
  progress.note("kept");
  const text = written.join("");
  expect(text).toMatch(/✔ Engine \(\d+\.\d s\)/);
  expect(text).toMatch(/✔ Records: 2 \(\d+\.\d s\)/);
  expect(text).toMatch(/✖ Domain/);
  expect(text).toMatch(/✖ Letters/);
  expect(text).toContain("kept\n");
});
