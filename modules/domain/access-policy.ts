import { arns, policyJson, type Place, type Statement } from "../aws";

export interface AccessPolicyProps {
  /** The management account and the domain's region. */
  readonly at: Place;
  readonly domainName: string;
  /** Every source account, those that are leaving among them. */
  readonly sourceAccountIds: readonly string[];
  readonly shipperRole: string;
  /** Whether only the shipper's role may write, or anybody whom a source account lets. */
  readonly principalArnCondition: boolean;
  /** The role that the gateway signs as, and its paths. */
  readonly gateway: { readonly roleName: string; readonly paths: readonly string[] };
  /** The operators' role, the paths that it reads, and those that it posts to: searches, and records. */
  readonly operator: { readonly roleName: string; readonly read: readonly string[]; readonly post: readonly string[] };
  /** Networks from which people reach Kibana without a login. */
  readonly allowedCidrs: readonly string[];
}

/**
 * The domain's access policy. It names accounts for the shippers, because a role that does not exist yet is refused,
 * and the condition narrows them to the shipper's role. The gateway's and the operator's role are of the domain's own
 * account: for them this policy alone decides, so what they may do stands here and nowhere else.
 */
export function domainAccessPolicy(props: AccessPolicyProps): string {
  const { at, gateway, operator } = props;
  const domain = arns.domain(at, props.domainName);
  const statements: Statement[] = [
    {
      Sid: "Shippers",
      Principal: {
        AWS: [...props.sourceAccountIds].sort().map((accountId) => arns.accountRoot({ ...at, accountId })),
      },
      Action: "es:ESHttpPost",
      Resource: `${domain}/_bulk`,
      Condition: props.principalArnCondition
        ? { ArnLike: { "aws:PrincipalArn": arns.roleInAnyAccount(at.region, props.shipperRole) } }
        : undefined,
    },
    ofRole("Gateway", gateway, ["es:ESHttpGet", "es:ESHttpPost", "es:ESHttpPut", "es:ESHttpDelete"], gateway.paths),
    ofRole("Operator", operator, ["es:ESHttpGet"], operator.read),
    ofRole("OperatorPosts", operator, ["es:ESHttpPost"], operator.post),
  ];
  if (props.allowedCidrs.length > 0) {
    statements.push({
      Sid: "People",
      Principal: { AWS: "*" },
      Action: "es:ESHttp*",
      Resource: `${domain}/*`,
      Condition: { IpAddress: { "aws:SourceIp": props.allowedCidrs } },
    });
  }
  return policyJson(statements);

  function ofRole(
    Sid: string,
    { roleName }: { readonly roleName: string },
    Action: readonly string[],
    paths: readonly string[],
  ): Statement {
    return {
      Sid,
      Principal: { AWS: arns.role(at, roleName) },
      Action,
      Resource: paths.map((path) => `${domain}/${path}`),
    };
  }
}
