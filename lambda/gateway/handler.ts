import { setTimeout as sleep } from "node:timers/promises";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { signedDomain, type Credentials } from "./domain";
import { bodyTooLarge } from "./errors";
import { createGateway, MAX_BODY_BYTES, MAX_DURATION_MS } from "./gateway";
import { readSettings } from "./settings";

const settings = readSettings(process.env);
const gateway = createGateway({
  settings,
  domain: signedDomain({
    endpoint: settings.searchEndpoint,
    region: settings.region,
    credentials: () => Promise.resolve(roleCredentials(process.env)),
  }),
  clock: { now: Date.now, sleep: (ms) => sleep(ms), random: Math.random },
  log: (line) => process.stdout.write(`${JSON.stringify(line)}\n`),
});

/** Time to send the reply in, before Lambda stops the function. */
const MARGIN_MS = 500;

/** Wires one call of an HTTP API (payload format 2.0): the work is in gateway.ts. */
export async function handler(
  event: APIGatewayProxyEventV2,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2> {
  const { method, sourceIp } = event.requestContext.http;
  const reply = await gateway({
    method,
    path: event.rawPath,
    query: event.rawQueryString,
    headers: event.headers,
    sourceIp,
    body: () => readBody(event),
    deadline: Date.now() + Math.min(MAX_DURATION_MS, context.getRemainingTimeInMillis() - MARGIN_MS),
  });
  return { statusCode: reply.status, headers: { ...reply.headers }, body: reply.body };
}

/** Byte for byte what was sent: an HTTP API hands over in base64 whatever is not text. */
function readBody({ body = "", isBase64Encoded }: APIGatewayProxyEventV2): Promise<Buffer> {
  const bytes = Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
  if (bytes.length <= MAX_BODY_BYTES) return Promise.resolve(bytes);
  return Promise.reject(bodyTooLarge(MAX_BODY_BYTES));
}

/** The function's role, as Lambda hands it over. */
function roleCredentials(env: NodeJS.ProcessEnv): Credentials {
  return {
    accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
    sessionToken: env.AWS_SESSION_TOKEN,
  };
}
