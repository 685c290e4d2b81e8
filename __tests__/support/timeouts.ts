/**
 * How long a test or hook of each kind may take. Set here, because Jest takes a project's `testTimeout` without
 * applying it (https://github.com/jestjs/jest/issues/9696).
 */
const TIMEOUTS_MS: Readonly<Record<string, number>> = { synth: 120_000, integration: 300_000, e2e: 1_200_000 };
/** Jest's own five seconds are short on a machine that is busy with all the others. */
const UNIT_TIMEOUT_MS = 60_000;

const kind = /\.(\w+)\.test\.ts$/.exec(expect.getState().testPath ?? "")?.[1] ?? "";
jest.setTimeout(TIMEOUTS_MS[kind] ?? UNIT_TIMEOUT_MS);
