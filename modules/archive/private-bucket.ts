import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import {
  S3BucketLifecycleConfiguration,
  type S3BucketLifecycleConfigurationRule,
} from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { Construct } from "constructs";
import { terraformText } from "../aws";

export interface PrivateBucketProps {
  readonly bucketName: string;
  /** The bucket policy as JSON. */
  readonly policy: string;
  /** @default SSE-S3 */
  readonly kmsKeyArn?: string;
  /** Whether the bucket may be destroyed with objects in it. */
  readonly forceDestroy: boolean;
  readonly rule: Omit<S3BucketLifecycleConfigurationRule, "status" | "filter">;
  /** Which objects S3 moves to another class. */
  readonly minimumObjectSize: "all_storage_classes_128K" | "varies_by_storage_class";
}

/** A bucket that nobody but its policy lets in: encrypted, versioned, its objects owned by its account. */
export class PrivateBucket extends Construct {
  readonly bucket: S3Bucket;

  constructor(scope: Construct, id: string, props: PrivateBucketProps) {
    super(scope, id);
    this.bucket = new S3Bucket(this, "bucket", { bucket: props.bucketName, forceDestroy: props.forceDestroy });
    const bucket = this.bucket.id;
    const versioning = new S3BucketVersioningA(this, "versioning", {
      bucket,
      versioningConfiguration: { status: "Enabled" },
    });
    new S3BucketServerSideEncryptionConfigurationA(this, "encryption", {
      bucket,
      rule: [
        props.kmsKeyArn === undefined
          ? { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }
          : {
              applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: props.kmsKeyArn },
              bucketKeyEnabled: true,
            },
      ],
    });
    const publicAccess = new S3BucketPublicAccessBlock(this, "public-access", {
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    const ownership = new S3BucketOwnershipControls(this, "ownership", {
      bucket,
      rule: { objectOwnership: "BucketOwnerEnforced" },
      // S3 refuses two changes of a bucket's access at the same time (OperationAborted).
      dependsOn: [publicAccess],
    });
    new S3BucketPolicy(this, "policy", { bucket, policy: terraformText(props.policy), dependsOn: [ownership] });
    new S3BucketLifecycleConfiguration(this, "lifecycle", {
      bucket,
      transitionDefaultMinimumObjectSize: props.minimumObjectSize,
      rule: [{ ...props.rule, status: "Enabled", filter: [{ prefix: "" }] }],
      dependsOn: [versioning],
    });
  }
}
