import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { end, Tail } from "../processes";

export type StackCommand = "apply" | "plan" | "destroy";

export interface RunStacksOptions {
  /** The synthesized stacks (`cdktf.out`). Nothing is written into it. */
  readonly outDir: string;
  /** Holds copies of the stacks, Terraform's folders and the states; the same for all commands on these stacks. */
  readonly workDir: string;
  /** The whole environment of the Terraform processes. */
  readonly env: NodeJS.ProcessEnv;
  /** Only these, by name. @default all */
  readonly stacks?: readonly string[];
  /** How many stacks at the same time, where their dependencies let them. @default 2 */
  readonly parallelism?: number;
  readonly onEvent?: (event: StackEvent) => void;
  /** Ends the Terraform processes. */
  readonly signal?: AbortSignal;
}

/** What happens while stacks are worked on. */
export type StackEvent =
  | { readonly type: "begin" | "done"; readonly stack: string }
  /** Terraform begins with, or is done with, one resource. */
  | {
      readonly type: "resource";
      readonly stack: string;
      readonly address: string;
      readonly action: string;
      readonly done: boolean;
    }
  | { readonly type: "warning"; readonly stack: string; readonly message: string };

/** What came of one stack. */
export interface StackResult {
  readonly stack: string;
  /** What was changed, or with `plan` what would be: empty where everything is as it should be. */
  readonly changes: readonly { readonly address: string; readonly action: string }[];
  /** Outputs that are not sensitive, after `apply`. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Terraform failed; the message has its errors. */
export class StackError extends Error {
  override readonly name = "StackError";

  constructor(
    readonly stackName: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Runs Terraform over synthesized stacks, each after those that it depends on (`destroy`: before them), as
 * `cdktf deploy` does, in half the time. Whatever backend the stacks name, their states are kept in `workDir`.
 *
 * @returns the results in the order in which the stacks were done
 * @throws StackError of the first stack that fails, after those that ran beside it have ended
 */
export async function runStacks(command: StackCommand, options: RunStacksOptions): Promise<StackResult[]> {
  const graph = dependencies(readManifest(options.outDir), options.stacks, command === "destroy");
  const results: StackResult[] = [];
  const running = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const waiting = new Map(graph);
  while (waiting.size > 0 || running.size > 0) {
    const ready = [...waiting].filter(([, needs]) => needs.every((need) => !waiting.has(need) && !running.has(need)));
    for (const [stack] of ready.slice(0, (options.parallelism ?? 2) - running.size)) {
      if (failures.length > 0 || options.signal?.aborted === true) break;
      waiting.delete(stack);
      const work = runStack(command, stack, options).then(
        (result) => void results.push(result),
        (error: unknown) => void failures.push(error),
      );
      running.set(
        stack,
        work.finally(() => running.delete(stack)),
      );
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (failures.length > 0) throw failures[0];
  options.signal?.throwIfAborted();
  return results;
}

/**
 * Whether Terraform finds every provider that a stack needs.
 *
 * @throws StackError where `terraform init` fails for another reason
 */
export async function providersFound(stack: string, options: RunStacksOptions): Promise<boolean> {
  const folder = prepare(stack, options);
  const { code, output } = await terraform(["init", "-input=false", "-no-color"], folder, options, () => undefined);
  if (code === 0) return true;
  if (/Failed to query available provider packages|Failed to install provider/.test(output)) return false;
  throw new StackError(stack, `${stack}: terraform init failed:\n${output}`);
}

/** A synthesized stack with every reference as text, as Terraform gets it. */
export function readStack(outDir: string, stack: string): Synthesized {
  const manifest = readManifest(outDir)[stack];
  if (!manifest) throw new Error(`There is no stack ${stack} in ${outDir}`);
  return JSON.parse(readFileSync(join(outDir, manifest.workingDirectory, "cdk.tf.json"), "utf8")) as Synthesized;
}

/** The names of the stacks, those that others depend on first. */
export function stackNames(outDir: string): string[] {
  const waiting = dependencies(readManifest(outDir));
  const order: string[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting].filter(([, needs]) => needs.every((need) => !waiting.has(need))).map(([name]) => name);
    ready.forEach((name) => waiting.delete(name));
    order.push(...ready);
  }
  return order;
}

async function runStack(command: StackCommand, stack: string, options: RunStacksOptions): Promise<StackResult> {
  const { onEvent = () => undefined } = options;
  onEvent({ type: "begin", stack });
  const folder = prepare(stack, options);
  const init = await terraform(["init", "-input=false", "-no-color"], folder, options, () => undefined);
  if (init.code !== 0) throw new StackError(stack, `${stack}: terraform init failed:\n${init.output}`);

  const changes: { address: string; action: string }[] = [];
  const errors: string[] = [];
  let outputs: Record<string, unknown> = {};
  const flags = { apply: ["-auto-approve"], plan: ["-detailed-exitcode"], destroy: ["-auto-approve"] }[command];
  const { code, output } = await terraform([command, "-json", "-input=false", ...flags], folder, options, (line) => {
    const message = parse(line);
    const address = message?.change?.resource.addr ?? message?.hook?.resource.addr ?? "";
    const action = message?.change?.action ?? message?.hook?.action ?? "";
    switch (message?.type) {
      case "planned_change":
        changes.push({ address, action });
        break;
      case "apply_start":
      case "apply_complete":
        onEvent({ type: "resource", stack, address, action, done: message.type === "apply_complete" });
        break;
      case "outputs":
        outputs = visible(message.outputs);
        break;
      case "diagnostic": {
        const text = diagnosticText(message.diagnostic);
        if (message.diagnostic?.severity === "error") errors.push(text);
        else onEvent({ type: "warning", stack, message: text });
      }
    }
  });
  const different = command === "plan" && code === 2;
  if (code !== 0 && !different) {
    throw new StackError(stack, `${stack}: terraform ${command} failed:\n${errors.join("\n") || output}`);
  }
  if (different && changes.length === 0) changes.push({ address: "outputs", action: "update" });
  onEvent({ type: "done", stack });
  return { stack, changes, outputs };
}

interface StackManifest {
  readonly name: string;
  readonly workingDirectory: string;
  readonly dependencies: readonly string[];
}

function readManifest(outDir: string): Record<string, StackManifest> {
  const text = readFileSync(join(outDir, "manifest.json"), "utf8");
  return (JSON.parse(text) as { stacks: Record<string, StackManifest> }).stacks;
}

/** What each stack must wait for. */
function dependencies(
  manifest: Record<string, StackManifest>,
  only?: readonly string[],
  reversed = false,
): Map<string, string[]> {
  const names = Object.keys(manifest).filter((name) => only?.includes(name) ?? true);
  return new Map(
    names.map((name) => [
      name,
      names.filter((other) =>
        reversed ? manifest[other]!.dependencies.includes(name) : manifest[name]!.dependencies.includes(other),
      ),
    ]),
  );
}

/** Copies the stack into the work folder, and beside it an override: the synthesized file stays as it is. */
function prepare(stack: string, { outDir, workDir }: RunStacksOptions): string {
  const { workingDirectory } = readManifest(outDir)[stack]!;
  const folder = join(workDir, stack);
  mkdirSync(folder, { recursive: true });
  // Files of a former synthesis must not stay; Terraform's own folder and lock file must.
  for (const name of ["cdk.tf.json", "assets"]) {
    rmSync(join(folder, name), { recursive: true, force: true });
    const synthesized = join(outDir, workingDirectory, name);
    if (existsSync(synthesized)) cpSync(synthesized, join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, "override.tf.json"), JSON.stringify(override(stack, readStack(outDir, stack), workDir)));
  return folder;
}

const SLOW: Record<string, readonly string[]> = {
  aws_opensearch_domain: ["create", "update", "delete"],
  aws_opensearch_domain_policy: ["update", "delete"],
};

/**
 * The provider sleeps 1 to 10 minutes before it looks at a domain for the first time. Out of time it looks once more,
 * and is content with a domain that is ready.
 * This goes beside a synthesized file, which stays as it is.
 */
export function shortTimeouts(synthesized: Synthesized): object {
  const resource = Object.fromEntries(
    Object.entries(SLOW)
      .filter(([type]) => synthesized.resource?.[type] !== undefined)
      .map(([type, actions]) => [
        type,
        mapValues(synthesized.resource![type]!, () => ({
          timeouts: Object.fromEntries(actions.map((action) => [action, "1s"])),
        })),
      ]),
  );
  return Object.keys(resource).length > 0 ? { resource } : {};
}

/** What lies beside a synthesized stack: its state is kept in the work folder, and nothing waits for long. */
function override(stack: string, synthesized: Synthesized, workDir: string): object {
  const path = (name: string) => resolve(workDir, `terraform.${name}.tfstate`);
  const states = synthesized.data?.terraform_remote_state ?? {};
  const data = mapValues(states, (_, name) => ({
    backend: "local",
    // cdktf names it by the stack that is read.
    config: { path: path(name.replace(/^cross-stack-reference-input-/, "")) },
  }));
  return {
    terraform: { backend: { local: { path: path(stack) } } },
    ...shortTimeouts(synthesized),
    ...(Object.keys(data).length > 0 ? { data: { terraform_remote_state: data } } : {}),
  };
}

/** A synthesized stack, `cdk.tf.json`: types of resources, then their names. */
export interface Synthesized {
  readonly [block: string]: unknown;
  readonly resource?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly data?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function mapValues<V, W>(values: Readonly<Record<string, V>>, map: (value: V, key: string) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value, key)]));
}

/** Terraform's lines of `-json`, as far as they are used. */
interface Message {
  readonly type?: string;
  readonly change?: { readonly resource: { readonly addr: string }; readonly action: string };
  readonly hook?: { readonly resource: { readonly addr: string }; readonly action?: string };
  readonly outputs?: Readonly<Record<string, { readonly sensitive: boolean; readonly value?: unknown }>>;
  readonly diagnostic?: {
    readonly severity: string;
    readonly summary: string;
    readonly detail?: string;
    readonly address?: string;
  };
}

function parse(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}

function diagnosticText(diagnostic: Message["diagnostic"]): string {
  if (!diagnostic) return "";
  const { address, summary, detail } = diagnostic;
  return [address === undefined ? summary : `${address}: ${summary}`, detail ?? ""]
    .filter((text) => text !== "")
    .join("\n");
}

function visible(outputs: Message["outputs"] = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(outputs)
      .filter(([, { sensitive }]) => !sensitive)
      .map(([name, { value }]) => [name, value]),
  );
}

function terraform(
  args: readonly string[],
  cwd: string,
  { env, signal }: Pick<RunStacksOptions, "env" | "signal">,
  onLine: (line: string) => void,
): Promise<{ code: number | null; output: string }> {
  return new Promise((done, reject) => {
    const child: ChildProcess = spawn("terraform", [...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const tail = new Tail(60);
    const stop = () => void end(child);
    signal?.addEventListener("abort", stop, { once: true });
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on("line", (line) => {
        tail.add(line);
        onLine(line);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => {
      signal?.removeEventListener("abort", stop);
      done({ code, output: tail.toString() });
    });
  });
}
