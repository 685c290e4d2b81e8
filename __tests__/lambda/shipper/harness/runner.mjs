// What Lambda's runtime does for a deployed package: loads it once, then calls its handler for each event.
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";

const { handler } = createRequire(import.meta.url)(process.argv[2]);

process.on("message", ({ event, requestId, timeoutMs }) => {
  const deadline = performance.now() + timeoutMs;
  const context = { awsRequestId: requestId, getRemainingTimeInMillis: () => deadline - performance.now() };
  handler(event, context).then(
    () => process.send({ requestId }),
    (error) => process.send({ requestId, error: `${error.name}: ${error.message}` }),
  );
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });
