import type { EngineAnswer } from "./engine-client";

/**
 * The answer of `_cat/allocation`, in bytes and as JSON, as it would be on a volume of another size that holds nothing
 * but the indices: a node of a domain has a volume of its own, the engine here shares the machine's.
 */
export function withVolume(answer: EngineAnswer, bytes: number): EngineAnswer {
  const rows = answer.status === 200 ? rowsOf(answer.body) : undefined;
  if (rows === undefined) return answer;
  const shown = rows.map((row) => {
    if (typeof row["disk.total"] !== "string") return row;
    const used = Math.min(bytes, Number(row["disk.indices"] ?? 0));
    return {
      ...row,
      "disk.used": String(used),
      "disk.avail": String(bytes - used),
      "disk.total": String(bytes),
      "disk.percent": String(Math.round((100 * used) / bytes)),
    };
  });
  return { ...answer, body: Buffer.from(JSON.stringify(shown)) };
}

function rowsOf(body: Buffer): Record<string, unknown>[] | undefined {
  try {
    return JSON.parse(body.toString("utf8")) as Record<string, unknown>[];
  } catch {
    // The table for people, which is let be.
    return undefined;
  }
}
