import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { toBatches } from "../../lambda/shipper/bulk";
import { decode } from "../../lambda/shipper/decode";
import { toAction, type Action } from "../../lambda/shipper/document";
import { DEFAULT_MAX_BODY_BYTES } from "../../lambda/shipper/settings";
import { articleBody, floor } from "../article";
import { peakRssMb } from "./peak";

/** What is measured: the shipper up to its finished bodies, what it is compared with, and what comes on top. */
export type Contender = "floor" | "shipper" | "article" | "compression" | "hashing";

/** What one process measured. */
export interface CpuFigures {
  /** Milliseconds of CPU time of each payload. */
  readonly cpuMs: readonly number[];
  /** The most memory that the process ever had, in MB (RSS). */
  readonly peakRssMb: number;
}

const [contender, file, now, names, warmUp, rounds] = process.argv.slice(2) as [Contender, ...string[]];
const data = readFileSync(file!, "utf8");
const settings = {
  ownerNames: new Map(Object.entries(JSON.parse(names!) as Record<string, string>)),
  maxRecordAgeDays: 36_500,
};
const bodies = contender === "compression" || contender === "hashing" ? shipperBodies((body) => Buffer.from(body)) : [];
const compressed = contender === "hashing" ? compress() : [];

const work: Readonly<Record<Contender, () => unknown>> = {
  floor: () => floor(data),
  shipper: () => shipperBodies(({ length }) => length),
  article: () => articleBody(data),
  compression: compress,
  hashing: () => compressed.map((body) => createHash("sha256").update(body).digest()),
};

const cpuMs: number[] = [];
for (let round = -Number(warmUp); round < Number(rounds); round++) {
  const before = process.cpuUsage();
  work[contender]();
  const { user, system } = process.cpuUsage(before);
  if (round >= 0) cpuMs.push((user + system) / 1000);
}
const figures: CpuFigures = { cpuMs, peakRssMb: peakRssMb() };
process.stdout.write(JSON.stringify(figures));

/**
 * An invocation up to the finished bodies, in the order in which ship.ts does it.
 *
 * @param finished what is done with a body before the next one is asked for
 */
function shipperBodies<T>(finished: (body: Buffer) => T): T[] {
  const decoded = decode({ awslogs: { data } });
  if (decoded.kind !== "records") throw new Error(`the payload is ${decoded.kind}`);
  const { logEvents, source } = decoded;
  function* made(): Generator<Action> {
    for (const logEvent of logEvents) {
      yield toAction(logEvent, source, settings, Number(now));
    }
  }
  return Array.from(toBatches(made(), DEFAULT_MAX_BODY_BYTES), ({ body }) => finished(body));
}

function compress(): Buffer[] {
  return bodies.map((body) => gzipSync(body, { level: 1 }));
}
