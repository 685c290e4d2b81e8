import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cached } from "../cache";
import { Tail } from "../processes";

const REQUIREMENTS = join(__dirname, "requirements.txt");
const PYTHON = process.platform === "win32" ? "python" : "python3";

/** What says which Python makes the environment: another one needs another environment. */
const WHICH = "import platform, sys; print(sys.version, sys.base_prefix, platform.machine())";

/**
 * The Python with moto in it: a virtual environment in the user's cache, made on first use. pip takes the packages from
 * wherever the user's pip takes them (its configuration and `PIP_*` variables hold).
 *
 * @param progress is told what is being fetched
 * @returns path of the environment's interpreter
 * @throws Error with what pip said
 */
export async function preparePython(progress: (text: string) => void = () => undefined): Promise<string> {
  const which = spawnSync(PYTHON, ["-c", WHICH], { encoding: "utf8" });
  if (which.status !== 0) throw new Error(`${PYTHON} does not run: ${which.error?.message ?? which.stderr}`);
  const requirements = readFileSync(REQUIREMENTS);
  const packages = requirements.toString().trim().split("\n").length;
  const folder = await cached("python", [requirements, which.stdout], async (scratch) => {
    progress("making a Python environment");
    await follow(PYTHON, ["-m", "venv", scratch], () => undefined).catch((error: unknown) => {
      throw new Error(`${String(error)}\nRemedy: install Python's venv, for example \`apt install python3-venv\``);
    });
    let collected = 0;
    await follow(interpreter(scratch), ["-m", "pip", "install", "--no-input", "-r", REQUIREMENTS], (line) => {
      const found = /^Collecting (\S+)/.exec(line);
      if (found) progress(`fetching ${found[1]!} (${++collected} of ${packages})`);
      if (line.startsWith("Installing")) progress("installing moto");
    });
  });
  return interpreter(folder);
}

function interpreter(environment: string): string {
  return process.platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");
}

/** Runs a program to its end; `onLine` gets what it prints while it runs. */
function follow(command: string, args: readonly string[], onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { stdio: ["ignore", "pipe", "pipe"] });
    const tail = new Tail();
    let pending = "";
    child.stdout.on("data", (chunk: Buffer) => {
      const lines = (pending + chunk.toString()).split("\n");
      pending = lines.pop() ?? "";
      lines.forEach((line) => {
        tail.add(line);
        onLine(line);
      });
    });
    child.stderr.on("data", (chunk: Buffer) => tail.add(chunk.toString()));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `${command} ${args.slice(0, 3).join(" ")} ended with ${code ?? signal ?? "no code"}:\n${tail.toString()}`,
          ),
        );
    });
  });
}
