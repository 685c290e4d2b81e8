import { Fn, TerraformVariable } from "cdktf";
import type { Construct } from "constructs";

const MINIMUM_LENGTH = 32;

/**
 * The secret between Terraform and the gateway, as the sensitive variable `gateway_token` (TF_VAR_gateway_token, or a
 * Terraform Cloud variable): a generated value would show in plans or spread through the states that stacks share.
 */
export function gatewayToken(stack: Construct): TerraformVariable {
  const variable = new TerraformVariable(stack, "gateway_token", {
    type: "string",
    sensitive: true,
    nullable: false,
    description: `What Terraform shows to the gateway: at least ${MINIMUM_LENGTH} random characters`,
  });
  variable.addValidation({
    condition: `\${length(var.gateway_token) >= ${MINIMUM_LENGTH}}`,
    errorMessage: `The gateway token must have at least ${MINIMUM_LENGTH} characters, for example the output of: openssl rand -hex 32`,
  });
  return variable;
}

/** The token's SHA-256 in hexadecimal, as sensitive as the token. */
export function tokenSha256(token: TerraformVariable): string {
  return Fn.sha256(token.stringValue);
}
