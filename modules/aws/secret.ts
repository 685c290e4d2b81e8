import type { Statement } from "./policy";

/** A secret of Secrets Manager, or a parameter of SSM. */
export interface SecretProps {
  /** The whole ARN. */
  readonly arn: string;
  /** The key that encrypts it. @default AWS's own, which needs no right */
  readonly kmsKeyArn?: string;
}

/** The right to read one secret and no other. */
export function readSecretStatements({ arn, kmsKeyArn }: SecretProps): Statement[] {
  const [, partition, service = "", region = ""] = arn.split(":");
  const suffix = partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  return [
    {
      Sid: "ReadApiKey",
      Action: service === "ssm" ? "ssm:GetParameter" : "secretsmanager:GetSecretValue",
      Resource: arn,
    },
    ...(kmsKeyArn === undefined
      ? []
      : [
          {
            Sid: "DecryptApiKey",
            Action: "kms:Decrypt",
            Resource: kmsKeyArn,
            Condition: { StringEquals: { "kms:ViaService": `${service}.${region}.${suffix}` } },
          },
        ]),
  ];
}
