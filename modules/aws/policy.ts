type OneOrMore = string | readonly string[];

/** One statement of a policy. Keys and values are IAM's own. */
export interface Statement {
  readonly Sid: string;
  /** @default "Allow" */
  readonly Effect?: "Allow" | "Deny";
  /** Only in policies of resources and in trust policies. */
  readonly Principal?: "*" | Readonly<Record<string, OneOrMore>>;
  readonly Action: OneOrMore;
  /** Absent only in trust policies. */
  readonly Resource?: OneOrMore;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;
}

/**
 * A policy document as JSON, the same bytes for the same statements. This is the text that AWS's quotas count: policy
 * variables such as `${aws:PrincipalAccount}` stand in it as they are. Terraform is given {@link terraformText} of it.
 */
export function policyJson(statements: readonly Statement[]): string {
  const ordered = statements.map(({ Sid, Effect = "Allow", Principal, Action, Resource, Condition }) => ({
    Sid,
    Effect,
    Principal,
    Action,
    Resource,
    Condition,
  }));
  return JSON.stringify({ Version: "2012-10-17", Statement: ordered });
}

/** The text as Terraform must be given it, so that it does not take `${` and `%{` for templates. */
export function terraformText(text: string): string {
  return text.replaceAll(/[$%]\{/g, (start) => `${start.slice(0, 1)}${start}`);
}

/** The trust policy of a role that a service of AWS assumes. */
export function serviceTrust(service: string): string {
  return policyJson([{ Sid: "Assume", Principal: { Service: service }, Action: "sts:AssumeRole" }]);
}
