import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { end, ready, run, Tail } from "../../sandbox/processes";

const NODE = process.execPath;

test("the tail keeps the last lines that are not empty", () => {
  const tail = new Tail(3);
  tail.add("1\n2\n\n");
  tail.add("3\n4\n  \n5");
  expect(tail.toString()).toBe("3\n4\n5");
});

describe("a program run to its end", () => {
  test("is done when it ends with 0", async () => {
    await expect(run(NODE, ["-e", ""])).resolves.toBeUndefined();
  });

  test("fails with its code and what it printed", async () => {
    const script = 'console.log("so far so good"); console.error("then it broke"); process.exit(3)';
    await expect(run(NODE, ["-e", script])).rejects.toThrow(/ended with 3:\n(.*\n?)*then it broke/);
  });

  test("fails if there is none", async () => {
    await expect(run("no-such-program-anywhere", [])).rejects.toThrow("ENOENT");
  });
});

describe("a server that is waited for", () => {
  test("is ready when it says so, even in pieces", async () => {
    const child = start(
      'process.stdout.write("READ"); setTimeout(() => console.log("Y http://127.0.0.1:1"), 20); setInterval(() => 0, 1000)',
    );
    try {
      expect(await ready(child, "the server", /READY (\S+)\n/, 10_000)).toBe("http://127.0.0.1:1");
    } finally {
      await end(child);
    }
  });

  test("fails if it ends before", async () => {
    const child = start('console.error("port in use"); process.exit(2)');
    await expect(ready(child, "the server", /READY/, 10_000)).rejects.toThrow(/the server ended with 2:\nport in use/);
  });

  test("fails if it says nothing in time", async () => {
    const child = start('console.log("starting"); setInterval(() => 0, 1000)');
    try {
      await once(child.stdout!, "data");
      await expect(ready(child, "the server", /READY/, 50)).rejects.toThrow("the server was not ready within 0.05 s");
    } finally {
      await end(child);
    }
  });
});

describe("ending a process", () => {
  test("ends its children too", async () => {
    const script = `const c = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)"]); console.log("CHILD " + c.pid); setInterval(() => 0, 1000)`;
    const child = start(script);
    const pid = Number(await ready(child, "the parent", /CHILD (\d+)/, 10_000));
    await end(child);
    expect(child.exitCode ?? child.signalCode).toBe("SIGTERM");
    await expect(gone(pid)).resolves.toBe(true);
  });

  test("kills one that does not listen", async () => {
    const child = start('process.on("SIGTERM", () => 0); console.log("UP"); setInterval(() => 0, 1000)');
    await ready(child, "it", /UP/, 10_000);
    await end(child, 50);
    expect(child.signalCode).toBe("SIGKILL");
  });

  test("of one that has ended is nothing", async () => {
    const child = start("");
    await once(child, "exit");
    await expect(end(child)).resolves.toBeUndefined();
  });
});

function start(script: string): ChildProcess {
  return spawn(NODE, ["-e", script], { stdio: ["ignore", "pipe", "pipe"] });
}

/** A process that ended may stay in the table for a moment, until somebody asks for its code. */
async function gone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}
