import { spawnSync } from "node:child_process";

const PROBES = {
  terraform: ["terraform", ["version"]],
  java: ["java", ["-version"]],
  mvn: ["mvn", ["-version"]],
  python3: ["python3", ["--version"]],
} as const;

export type Tool = keyof typeof PROBES;

/**
 * A suite that needs programs on the PATH. Where one is missing the suite is skipped with a loud line;
 * with CI=true it fails, because there a missing tool is a fault of the machine.
 */
export function describeWith(tools: readonly Tool[], name: string, suite: () => void): void {
  const missing = tools.filter(
    (tool) => spawnSync(PROBES[tool][0], [...PROBES[tool][1]], { stdio: "ignore" }).status !== 0,
  );
  if (missing.length === 0) {
    describe(name, suite);
  } else if (process.env.CI === "true") {
    test(`${name}: needs ${missing.join(", ")}`, () => {
      throw new Error(`${missing.join(", ")} not found on the PATH; with CI=true a missing tool is an error`);
    });
  } else {
    process.stderr.write(`\n!!! SKIPPED "${name}": ${missing.join(", ")} not found on the PATH\n\n`);
    describe.skip(name, suite);
  }
}
