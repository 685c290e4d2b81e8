/** @type {import("jest").Config} */
const shared = {
  transform: {
    "\\.[jt]s$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
  testEnvironment: "node",
  roots: ["<rootDir>/__tests__"],
  testPathIgnorePatterns: ["/node_modules/"],
};

/** The kinds of test, told apart by the file's name; the slow ones need tools (see __tests__/support/tools.ts). */
const kinds = { synth: 120_000, integration: 300_000, e2e: 1_200_000 };

/** @type {import("jest").Config} */
const config = {
  coverageProvider: "v8",
  collectCoverageFrom: ["main.ts", "modules/**/*.ts", "lambda/**/*.ts", "sandbox/**/*.ts", "operations/**/*.ts"],
  projects: [
    {
      ...shared,
      displayName: "unit",
      testMatch: ["**/*.test.ts"],
      testPathIgnorePatterns: ["/node_modules/", ...Object.keys(kinds).map((kind) => `\\.${kind}\\.test\\.ts$`)],
    },
    ...Object.entries(kinds).map(([kind, testTimeout]) => ({
      ...shared,
      displayName: kind,
      testMatch: [`**/*.${kind}.test.ts`],
      testTimeout,
    })),
  ],
};

export default config;
