import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Construct } from "constructs";
import { arns, policyJson, readSecretStatements, terraformText, type Place, type SecretProps } from "../aws";
import { INDEX_PATTERN } from "../fields";

export interface OperatorProps {
  /** The management account. */
  readonly at: Place;
  readonly roleName: string;
  /** ARNs of those who may assume the role; empty: nobody. */
  readonly principals: readonly string[];
  readonly archiveBucket: string;
  readonly deadLetterBucket: string;
  /** The buckets' keys, where they have one. */
  readonly kmsKeyArns: readonly string[];
  /** The API key of an Elastic Stack. @default the index is a domain's, whose access policy knows the role */
  readonly apiKey?: SecretProps;
}

/**
 * The role that the commands in operations/ work as: reads the archive, reads and clears dead letters. What it may do
 * in the domain is in the domain's access policy.
 */
export class Operator extends Construct {
  readonly role: IamRole;

  constructor(scope: Construct, id: string, props: OperatorProps) {
    super(scope, id);
    this.role = new IamRole(this, "role", {
      name: props.roleName,
      description: "Assumed for the commands in operations/: doctor, verify, backfill, redrive",
      assumeRolePolicy: operatorTrustPolicy(props),
    });
    new IamRolePolicy(this, "policy", {
      name: props.roleName,
      role: this.role.name,
      policy: terraformText(operatorPolicy(props)),
    });
  }
}

/** Who may assume the role. IAM wants a statement: with nobody listed, one that denies. */
export function operatorTrustPolicy({ at, principals }: Pick<OperatorProps, "at" | "principals">): string {
  const Action = "sts:AssumeRole";
  return policyJson([
    principals.length > 0
      ? { Sid: "Operators", Principal: { AWS: [...principals].sort() }, Action }
      : { Sid: "Nobody", Effect: "Deny", Principal: { AWS: arns.accountRoot(at) }, Action },
  ]);
}

export function operatorPolicy(props: Omit<OperatorProps, "principals" | "roleName">): string {
  const archive = arns.bucket(props.at.region, props.archiveBucket);
  const deadLetters = arns.bucket(props.at.region, props.deadLetterBucket);
  return policyJson([
    { Sid: "ListBuckets", Action: "s3:ListBucket", Resource: [archive, deadLetters] },
    { Sid: "ReadArchive", Action: "s3:GetObject", Resource: `${archive}/AWSLogs/*` },
    {
      Sid: "ReadAndClearDeadLetters",
      Action: ["s3:GetObject", "s3:DeleteObject"],
      Resource: `${deadLetters}/*`,
    },
    ...(props.kmsKeyArns.length > 0
      ? [{ Sid: "DecryptBuckets", Action: "kms:Decrypt", Resource: props.kmsKeyArns }]
      : []),
    ...(props.apiKey === undefined ? [] : readSecretStatements(props.apiKey)),
  ]);
}

/** The paths of the domain that the commands use: they look at the product's indices and write records. */
export function operatorPaths(props: {
  readonly engineVersion: string;
  readonly indexTemplate: string;
  readonly retentionPolicy: string;
}): { readonly read: string[]; readonly post: string[] } {
  const elasticsearch = props.engineVersion.startsWith("Elasticsearch_");
  const ism = elasticsearch ? "_opendistro/_ism" : "_plugins/_ism";
  const indices = (api: string) => `${INDEX_PATTERN}/${api}`;
  return {
    read: [
      "",
      "_cluster/health",
      "_cat/allocation",
      `_cat/indices/${INDEX_PATTERN}`,
      ...["_mapping", "_settings", "_stats"].map(indices),
      `_index_template/${props.indexTemplate}`,
      `${ism}/policies/${props.retentionPolicy}`,
      `${ism}/explain/${INDEX_PATTERN}`,
      // Saved objects, which hold no records: doctor holds them against the product's.
      `${elasticsearch ? "_plugin/kibana" : "_dashboards"}/api/saved_objects/_find`,
    ],
    // A scroll only goes on with a search that was begun, and that names the indices.
    post: ["_bulk", "_search/scroll", ...["_count", "_search"].map(indices)],
  };
}
