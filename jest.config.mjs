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
  setupFilesAfterEnv: ["<rootDir>/__tests__/support/timeouts.ts"],
};

/** The kinds of test, told apart by the file's name; the slow ones need tools (see __tests__/support/tools.ts). */
const kinds = ["synth", "integration", "e2e"];

/** @type {import("jest").Config} */
const config = {
  coverageProvider: "v8",
  collectCoverageFrom: ["main.ts", "modules/**/*.ts", "lambda/**/*.ts", "sandbox/**/*.ts", "operations/**/*.ts"],
  projects: [
    {
      ...shared,
      displayName: "unit",
      testMatch: ["**/*.test.ts"],
      testPathIgnorePatterns: ["/node_modules/", ...kinds.map((kind) => `\\.${kind}\\.test\\.ts$`)],
    },
    ...kinds.map((kind) => ({ ...shared, displayName: kind, testMatch: [`**/*.${kind}.test.ts`] })),
  ],
};

export default config;
