import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { cached } from "../cache";
import { end, ready, run } from "../processes";

/** Elasticsearch 7.10.2 (the open-source distribution), or OpenSearch 2.19. */
export type EngineKind = "es7" | "os2";

export interface EngineOptions {
  /** Megabytes of heap. */
  readonly heapMb?: number;
  /** Further node settings, such as disk watermarks. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A search engine that runs on this machine, on a port of its own. */
export interface Engine {
  readonly kind: EngineKind;
  /** http://127.0.0.1:<port> */
  readonly url: string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 120_000;
const CLASS_PATH_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath";

/**
 * Starts a real engine from the jars of Maven Central alone: no distribution on disk, and root may run it. It ends with
 * its parent, also when that is killed.
 *
 * @throws Error with what the engine printed, if it does not come up
 */
export async function startEngine(kind: EngineKind, options: EngineOptions = {}): Promise<Engine> {
  const folder = await prepareEngine(kind);
  const home = mkdtempSync(join(tmpdir(), `cloudtrail-${kind}-`));
  const classPath = [folder, readFileSync(join(folder, "class-path.txt"), "utf8").trim()].join(delimiter);
  const heap = options.heapMb ?? 384;
  const settings = {
    "cluster.name": "sandbox",
    "discovery.type": "single-node",
    "network.host": "127.0.0.1",
    "http.port": "0",
    "transport.port": "0",
    // What small instances of Amazon's refuse. https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html
    "http.max_content_length": "10mb",
    // The machine's disk is not the domain's.
    "cluster.routing.allocation.disk.threshold_enabled": "false",
    ...options.settings,
  };
  const logging = join(folder, "log4j2.properties");
  const child = spawn(
    "java",
    [
      `-Xms${heap}m`,
      `-Xmx${heap}m`,
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-Dengine.exitOnEof=true",
      `-Dlog4j2.configurationFile=${logging}`,
      `-Dlog4j.configurationFile=${logging}`,
      "-Des.distribution.flavor=oss",
      "-Des.distribution.type=tar",
      "-cp",
      classPath,
      "EngineMain",
      home,
      ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
    ],
    // A group of its own: Ctrl-C at the terminal is for the sandbox, which then ends the engine in order.
    { stdio: ["pipe", "pipe", "pipe"], detached: process.platform !== "win32" },
  );
  const stop = async () => {
    await end(child);
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const url = await ready(child, `the ${kind} engine`, /READY (http:\/\/\S+)/, START_TIMEOUT_MS);
    return { kind, url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Fetches the engine's jars and compiles the class that starts it; nothing to do when that has been done before. */
export async function prepareEngine(kind: EngineKind): Promise<string> {
  const source = (name: string) => join(__dirname, name);
  const files = [`${kind}-pom.xml`, "EngineMain.java", "log4j2.properties"].map(source);
  const [pom, main, logging] = files as [string, string, string];
  return cached(
    `engine-${kind}`,
    files.map((file) => readFileSync(file)),
    async (folder) => {
      await run("mvn", [
        "-q",
        "-B",
        "-f",
        pom,
        CLASS_PATH_PLUGIN,
        `-Dmdep.outputFile=${join(folder, "class-path.txt")}`,
      ]);
      await run("javac", ["-d", folder, main]);
      copyFileSync(logging, join(folder, "log4j2.properties"));
    },
  );
}
