import { join } from "node:path";
import { Apigatewayv2Api } from "@cdktf/provider-aws/lib/apigatewayv2-api";
import { Apigatewayv2Integration } from "@cdktf/provider-aws/lib/apigatewayv2-integration";
import { Apigatewayv2Route } from "@cdktf/provider-aws/lib/apigatewayv2-route";
import { Apigatewayv2Stage } from "@cdktf/provider-aws/lib/apigatewayv2-stage";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { Construct } from "constructs";
import { NodeFunction, type Place } from "../aws";
import { INDEX_PATTERN } from "../fields";

export { gatewayPaths, type GatewayPathsProps } from "./paths";

const ENTRY = join(__dirname, "..", "..", "lambda", "gateway", "handler.ts");

/** An HTTP API gives up after 30 s; the function answers before. */
const TIMEOUT_SECONDS = 29;

export interface GatewayProps {
  readonly at: Place;
  readonly functionName: string;
  readonly roleName: string;
  /** Host of the search domain. */
  readonly searchEndpoint: string;
  readonly engineVersion: string;
  /** SHA-256 of the token in hexadecimal. The function never sees the token itself before a caller shows it. */
  readonly tokenSha256: string;
  readonly indexTemplate: string;
  readonly retentionPolicy: string;
  /** Networks that may use the gateway; empty: any network with the token. */
  readonly allowedCidrs: readonly string[];
  readonly logRetentionDays: number;
}

/**
 * What lets the elasticstack provider work on an Amazon domain: an HTTP API before a function that signs. The
 * function's role has no right but to write its log; what it may do in the domain is in the domain's access policy.
 */
export class Gateway extends Construct {
  /** `https://...`, without a slash at the end. */
  readonly url: string;
  readonly role: IamRole;

  constructor(scope: Construct, id: string, props: GatewayProps) {
    super(scope, id);
    const fn = new NodeFunction(this, "function", {
      at: props.at,
      functionName: props.functionName,
      roleName: props.roleName,
      description: "Translates Terraform's elasticstack provider for the search domain and signs",
      entry: ENTRY,
      environment: {
        SEARCH_ENDPOINT: props.searchEndpoint,
        ENGINE_VERSION: props.engineVersion,
        GATEWAY_TOKEN_SHA256: props.tokenSha256,
        INDEX_TEMPLATE: props.indexTemplate,
        INDEX_PATTERN,
        RETENTION_POLICY: props.retentionPolicy,
        ...(props.allowedCidrs.length > 0 ? { ALLOWED_CIDRS: props.allowedCidrs.join(",") } : {}),
      },
      statements: [],
      memoryMb: 256,
      timeoutSeconds: TIMEOUT_SECONDS,
      logRetentionDays: props.logRetentionDays,
    });
    this.role = fn.role;

    const api = new Apigatewayv2Api(this, "api", {
      name: props.functionName,
      description: "Terraform's way to the search domain",
      protocolType: "HTTP",
    });
    const integration = new Apigatewayv2Integration(this, "integration", {
      apiId: api.id,
      integrationType: "AWS_PROXY",
      integrationUri: fn.function.invokeArn,
      integrationMethod: "POST",
      payloadFormatVersion: "2.0",
      timeoutMilliseconds: 30_000,
    });
    new Apigatewayv2Route(this, "route", {
      apiId: api.id,
      routeKey: "$default",
      target: `integrations/${integration.id}`,
    });
    const permission = new LambdaPermission(this, "permission", {
      statementId: "AllowHttpApi",
      action: "lambda:InvokeFunction",
      functionName: fn.function.functionName,
      principal: "apigateway.amazonaws.com",
      sourceArn: `${api.executionArn}/*/$default`,
    });
    const accessLog = new CloudwatchLogGroup(this, "access-log", {
      // Under this prefix API Gateway needs no entry of its own in the account's log resource policy.
      name: `/aws/vendedlogs/apigateway/${props.functionName}`,
      retentionInDays: props.logRetentionDays,
    });
    new Apigatewayv2Stage(this, "stage", {
      apiId: api.id,
      name: "$default",
      autoDeploy: true,
      // Terraform sends up to ten calls at a time; somebody who guesses tokens should not send many more.
      defaultRouteSettings: { throttlingRateLimit: 20, throttlingBurstLimit: 40 },
      accessLogSettings: { destinationArn: accessLog.arn, format: ACCESS_LOG_FORMAT },
      dependsOn: [permission],
    });
    this.url = api.apiEndpoint;
  }
}

/** One line for each call; never a header, which is where the token is. */
const ACCESS_LOG_FORMAT = JSON.stringify({
  requestId: "$context.requestId",
  time: "$context.requestTime",
  sourceIp: "$context.identity.sourceIp",
  method: "$context.httpMethod",
  path: "$context.path",
  status: "$context.status",
  responseLatency: "$context.responseLatency",
  integrationError: "$context.integrationErrorMessage",
});
