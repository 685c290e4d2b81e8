import { anonymousPrincipal, runSimulation, type SimulationRequestPrincipal } from "@cloud-copilot/iam-simulate";
import type { AuthorizationRequest, Decision } from "./types";

/**
 * Decides as IAM does whether a call is allowed: identity policies and the resource's policy, both where two accounts
 * are involved, either of them within one, a Deny before all.
 *
 * The evaluation is a library's (a simulator of IAM); what it is given are the policies as they are deployed.
 *
 * @throws Error if the library cannot evaluate the request: a policy that is none, an action that does not exist
 */
export async function authorize(request: AuthorizationRequest): Promise<Decision> {
  const { caller, action, resource, context, resourcePolicy } = request;
  const session = caller !== undefined && "arn" in caller ? caller : undefined;
  const result = await runSimulation(
    {
      request: {
        principal: principalOf(caller),
        action,
        resource: { resource: resource.arn, accountId: resource.accountId },
        contextVariables: {
          ...(session ? { "aws:PrincipalArn": session.roleArn, "aws:PrincipalAccount": session.accountId } : {}),
          ...context,
        },
      },
      identityPolicies: (session?.policies ?? []).map(({ name, document }) => ({ name, policy: document })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: resourcePolicy ?? undefined,
    },
    {},
  );
  if (result.resultType === "error") {
    throw new Error(`${action} on ${resource.arn} cannot be evaluated: ${JSON.stringify(result.errors)}`);
  }
  return { allowed: result.overallResult === "Allowed", reason: result.overallResult };
}

function principalOf(caller: AuthorizationRequest["caller"]): SimulationRequestPrincipal {
  if (caller === undefined) return anonymousPrincipal;
  return "service" in caller ? caller.service : caller.arn;
}
