import { Cleanup } from "../../sandbox/cleanup";

function recorder() {
  const taken: string[] = [];
  const cleanup = new Cleanup();
  const add = (what: string, undo: () => Promise<void> | void = () => undefined) =>
    cleanup.add(what, async () => {
      taken.push(what);
      await undo();
    });
  return { taken, cleanup, add };
}

const ignore = () => undefined;

test("ends what was started in the reverse order", async () => {
  const { cleanup, taken, add } = recorder();
  ["folder", "engine", "domain"].forEach((what) => add(what));
  await cleanup.run(ignore);
  expect(taken).toEqual(["domain", "engine", "folder"]);
});

test("a step that fails is reported, and keeps no other from being taken", async () => {
  const { cleanup, taken, add } = recorder();
  const failures: string[] = [];
  add("folder");
  add("engine", () => Promise.reject(new Error("stuck")));
  add("domain", () => {
    throw new Error("gone");
  });
  await cleanup.run((what, error) => failures.push(`${what}: ${String(error)}`));
  expect(taken).toEqual(["domain", "engine", "folder"]);
  expect(failures).toEqual(["domain: Error: gone", "engine: Error: stuck"]);
});

test("takes each step once: whoever asks again waits for the first run", async () => {
  const { cleanup, taken, add } = recorder();
  let finish = ignore as () => void;
  add("slow", () => new Promise((resolve) => (finish = resolve)));
  const first = cleanup.run(ignore);
  let second = "waits";
  const again = cleanup.run(ignore).then(() => (second = "done"));
  await new Promise(setImmediate);
  expect(second).toBe("waits");
  finish();
  await Promise.all([first, again]);
  expect(taken).toEqual(["slow"]);
});

test("a further run ends what came up after the first", async () => {
  const { cleanup, taken, add } = recorder();
  add("folder");
  await cleanup.run(ignore);
  add("engine");
  await cleanup.run(ignore);
  expect(taken).toEqual(["folder", "engine"]);
});

test("ends also what is started while it ends", async () => {
  const { cleanup, taken, add } = recorder();
  add("first", () => add("late"));
  await cleanup.run(ignore);
  expect(taken).toEqual(["first", "late"]);
});
