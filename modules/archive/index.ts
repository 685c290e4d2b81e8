import { Construct } from "constructs";
import type { Config } from "../config";
import { archiveBucketPolicy, deadLetterBucketPolicy, type BucketPolicyProps } from "./policies";
import { PrivateBucket } from "./private-bucket";

export { archiveBucketPolicy, deadLetterBucketPolicy, type BucketPolicyProps } from "./policies";

export interface ArchiveProps extends Omit<BucketPolicyProps, "bucketName"> {
  readonly bucketName: string;
  readonly deadLetterBucketName: string;
  /** Name of the trail in every source account. */
  readonly trailName: string;
  /** Name of the shipper's role in every source account. */
  readonly shipperRole: string;
  readonly archive: Config["archive"];
  readonly deadLetters: Config["deadLetters"];
}

/** The truth: the bucket that every trail writes, and beside it the one for records that could not be indexed. */
export class Archive extends Construct {
  readonly archive: PrivateBucket;
  readonly deadLetters: PrivateBucket;

  constructor(scope: Construct, id: string, props: ArchiveProps) {
    super(scope, id);
    const { archive, deadLetters } = props;
    this.archive = new PrivateBucket(this, "archive", {
      bucketName: props.bucketName,
      policy: archiveBucketPolicy(props),
      kmsKeyArn: archive.kmsKeyArn,
      forceDestroy: archive.forceDestroy,
      minimumObjectSize: archive.minimumObjectSize,
      rule: {
        id: "archive",
        transition: [
          { days: archive.standardIaAfterDays, storageClass: "STANDARD_IA" },
          { days: archive.glacierAfterDays, storageClass: "GLACIER" },
        ],
        ...expiry(archive.expireAfterDays, archive.noncurrentExpireAfterDays, archive.abortIncompleteUploadAfterDays),
      },
    });
    this.deadLetters = new PrivateBucket(this, "dead-letters", {
      bucketName: props.deadLetterBucketName,
      policy: deadLetterBucketPolicy({ ...props, bucketName: props.deadLetterBucketName }),
      kmsKeyArn: deadLetters.kmsKeyArn,
      forceDestroy: deadLetters.forceDestroy,
      minimumObjectSize: "all_storage_classes_128K",
      rule: { id: "dead-letters", ...expiry(deadLetters.expireAfterDays, 30, 7) },
    });
  }
}

/**
 * In a versioned bucket an expiry only hides an object behind a delete marker; the version then goes as a noncurrent
 * one, and S3 takes the marker with it, because an expiry in days also covers markers with nothing behind them.
 */
function expiry(days: number, noncurrentDays: number, abortUploadDays: number) {
  return {
    expiration: [{ days }],
    noncurrentVersionExpiration: [{ noncurrentDays }],
    abortIncompleteMultipartUpload: [{ daysAfterInitiation: abortUploadDays }],
  };
}
