// Runs the handler of one unpacked Lambda zip: one JSON line per invocation comes in on stdin,
// one JSON line per result goes out on the descriptor SANDBOX_RESULT_FD.
// What the handler prints goes to stdout, between a START and an END line, as on AWS.
import { existsSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { LAMBDA_TASK_ROOT, _HANDLER, SANDBOX_RESULT_FD, ...env } = process.env;
delete process.env.SANDBOX_RESULT_FD;

function reply(result) {
  const bytes = Buffer.from(JSON.stringify(result) + "\n");
  for (let sent = 0; sent < bytes.length;) sent += writeSync(Number(SANDBOX_RESULT_FD), bytes, sent);
}

function failure(error) {
  const { name = "Error", message = String(error), stack = "" } = error ?? {};
  return { error: { errorType: name, errorMessage: message, trace: stack.split("\n") } };
}

async function loadHandler() {
  const [file, ...names] = basename(_HANDLER).split(".");
  const path = join(LAMBDA_TASK_ROOT, dirname(_HANDLER), file);
  const found = [".js", ".mjs", ".cjs"].map((extension) => path + extension).find(existsSync);
  if (!found) throw Object.assign(new Error(`Cannot find module '${file}'`), { name: "Runtime.ImportModuleError" });
  const module = await import(pathToFileURL(found));
  const pick = (from) => names.reduce((value, name) => value?.[name], from);
  const handler = pick(module) ?? pick(module.default);
  if (typeof handler !== "function")
    throw Object.assign(new Error(`${_HANDLER} is undefined or not exported`), { name: "Runtime.HandlerNotFound" });
  return handler;
}

function call(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, value) => (error ? reject(error) : resolve(value));
    Object.assign(context, { done: callback, succeed: resolve, fail: reject });
    const returned = handler(event, context, callback);
    if (handler.length < 3 || typeof returned?.then === "function") resolve(returned);
  });
}

const loading = loadHandler().then((handler) => ({ handler }), failure);
for await (const line of createInterface({ input: process.stdin })) {
  const { requestId, arn, deadline, event } = JSON.parse(line);
  const context = {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    invokedFunctionArn: arn,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  };
  console.log(`START RequestId: ${requestId} Version: ${context.functionVersion}`);
  const { handler, error } = await loading;
  const result = error
    ? { error }
    : await call(handler, event, context).then((value) => ({ value: value ?? null }), failure);
  console.log(`END RequestId: ${requestId}`);
  reply(result);
}
