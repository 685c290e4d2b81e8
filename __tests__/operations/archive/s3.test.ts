import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { mockClient } from "aws-sdk-client-mock";
import { S3Archive } from "../../../operations/archive/s3";

const REGIONS = "AWSLogs/111122223333/CloudTrail/";

test("files of all regions and pages are listed; those that have to be restored first say so, restored ones do not", async () => {
  const s3 = mockClient(S3Client);
  const day = { Bucket: "archive", Prefix: `${REGIONS}eu-west-1/2026/01/24/` };
  s3.on(ListObjectsV2Command).resolves({});
  s3.on(ListObjectsV2Command, { Prefix: REGIONS }).resolves({
    CommonPrefixes: [{ Prefix: `${REGIONS}eu-west-1/` }, { Prefix: `${REGIONS}us-east-1/` }],
  });
  s3.on(ListObjectsV2Command, day).resolves({
    Contents: [
      { Key: "a.json.gz", Size: 1, StorageClass: "STANDARD_IA" },
      { Key: "b.json.gz", Size: 2, StorageClass: "DEEP_ARCHIVE", RestoreStatus: { IsRestoreInProgress: true } },
      { Key: "a.txt", Size: 1 },
    ],
    NextContinuationToken: "2",
    IsTruncated: true,
  });
  s3.on(ListObjectsV2Command, { ...day, ContinuationToken: "2" }).resolves({
    Contents: [
      {
        ...{ Key: "c.json.gz", Size: 3, StorageClass: "GLACIER" },
        RestoreStatus: { IsRestoreInProgress: false, RestoreExpiryDate: new Date("2026-03-01") },
      },
    ],
  });
  s3.on(ListObjectsV2Command, { ...day, Prefix: `${REGIONS}us-east-1/2026/01/24/` }).resolves({
    Contents: [{ Key: "d.json.gz", Size: 4, StorageClass: "GLACIER" }],
  });
  const archive = new S3Archive(new S3Client({ region: "eu-west-1" }), "archive");
  expect(await archive.list("CloudTrail", "111122223333", "2026-01-24")).toEqual([
    { key: "a.json.gz", bytes: 1 },
    { key: "b.json.gz", bytes: 2, frozen: "DEEP_ARCHIVE" },
    { key: "c.json.gz", bytes: 3 },
    { key: "d.json.gz", bytes: 4, frozen: "GLACIER" },
  ]);
});
