import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { anonymousPrincipal, getDenialReasons, runSimulation, type Simulation } from "@cloud-copilot/iam-simulate";
import type { NamedPolicy } from "./types";

/** One question of whether somebody may do something. */
export interface AuthorizationRequest {
  /** ARN of a user or role session, or a service's name such as `cloudtrail.amazonaws.com`; none of who does not sign. */
  readonly principal?: string;
  /** Such as `s3:PutObject`. */
  readonly action: string;
  readonly resource: { readonly arn: string; readonly accountId: string };
  /** Condition keys with their values; keys that the action does not have are left out, as AWS does. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
  /** The principal's own policies; none for a service. */
  readonly identityPolicies: readonly NamedPolicy[];
  /** What the session was narrowed to when the role was assumed. */
  readonly sessionPolicy?: object;
  /** The resource's policy: of a bucket, function, domain; a role's trust policy. */
  readonly resourcePolicy?: object;
}

export interface Decision {
  readonly allowed: boolean;
  /** Whether a Deny statement decided. */
  readonly explicitDeny: boolean;
  /** For people: who was denied what, and by which kind of policy. */
  readonly reason: string;
}

/**
 * Decides as IAM does: a Deny wins; within an account either side's Allow is enough, between accounts both are needed.
 * A policy that IAM would not accept denies, and the reason says what is wrong with it.
 */
export async function decide(request: AuthorizationRequest): Promise<Decision> {
  const result = await evaluate(request, literal(request.resource.arn));
  const what = `${request.principal ?? "anonymous"} ${request.action} ${request.resource.arn}`;
  if (result.resultType === "error") {
    return {
      allowed: false,
      explicitDeny: false,
      reason: `${what}: cannot be evaluated: ${JSON.stringify(result.errors)}`,
    };
  }
  if (result.overallResult === "Allowed") return { allowed: true, explicitDeny: false, reason: `${what}: allowed` };
  const analyses = result.resultType === "single" ? [result.result] : result.results;
  const denials = analyses.flatMap(({ analysis }) => getDenialReasons(analysis));
  const reasons = denials.map((denial) => `${denial.denialType} by ${denial.policyType} policies`);
  const detail = reasons.length > 0 ? `: ${reasons.join(", ")}` : "";
  return {
    allowed: false,
    explicitDeny: result.overallResult === "ExplicitlyDenied",
    reason: `${what}: ${result.overallResult}${detail}`,
  };
}

async function evaluate(request: AuthorizationRequest, arn: string) {
  const simulation: Simulation = {
    request: {
      principal: request.principal ?? anonymousPrincipal,
      action: request.action,
      resource: { resource: arn, accountId: request.resource.accountId },
      contextVariables: request.context as Record<string, string | string[]>,
    },
    identityPolicies: request.identityPolicies.map(({ name, document }) => ({ name, policy: document })),
    sessionPolicy: request.sessionPolicy,
    resourcePolicy: request.resourcePolicy,
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
  const result = await runSimulation(simulation, {});
  // Actions such as s3:ListAllMyBuckets have no resource; policies name them with "*".
  return result.resultType === "error" && result.errors.message === "must.use.wildcard"
    ? runSimulation(
        {
          ...simulation,
          request: { ...simulation.request, resource: { ...simulation.request.resource, resource: "*" } },
        },
        {},
      )
    : result;
}

/**
 * The simulator takes `*` in the ARN of a request for a pattern, but an object may be called so. A character that only
 * a policy's own wildcard matches stands in for it, which is what a literal `*` would be matched by, too.
 */
function literal(arn: string): string {
  return arn.replaceAll("*", "\u2217").replaceAll("?", "\uff1f");
}

/** The authorizer as a server on the loopback, for the simulated AWS, which is another process. */
export interface Authorizer {
  /** Where an {@link AuthorizationRequest} is posted as JSON; a {@link Decision} comes back. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the authorizer. It lives in this process: nothing here may block the event loop while AWS is being used. */
export async function startAuthorizer(): Promise<Authorizer> {
  const server = createServer((incoming, outgoing) => {
    const answer = (status: number, body: object) => {
      outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    read(incoming)
      .then((text) => decide(JSON.parse(text) as AuthorizationRequest))
      .then(
        (decision) => answer(200, decision),
        (error: unknown) => answer(500, { message: error instanceof Error ? error.message : String(error) }),
      );
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => close(server) };
}

async function read(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
