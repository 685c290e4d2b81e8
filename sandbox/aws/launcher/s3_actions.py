"""Which right a request to S3 needs. moto's own table knows about half of them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

BUCKET = {
    "accelerate": ("GetAccelerateConfiguration", "PutAccelerateConfiguration"),
    "acl": ("GetBucketAcl", "PutBucketAcl"),
    "analytics": ("GetAnalyticsConfiguration", "PutAnalyticsConfiguration"),
    "cors": ("GetBucketCORS", "PutBucketCORS"),
    "encryption": ("GetEncryptionConfiguration", "PutEncryptionConfiguration"),
    "intelligent-tiering": ("GetIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"),
    "inventory": ("GetInventoryConfiguration", "PutInventoryConfiguration"),
    "lifecycle": ("GetLifecycleConfiguration", "PutLifecycleConfiguration"),
    "location": ("GetBucketLocation", None),
    "logging": ("GetBucketLogging", "PutBucketLogging"),
    "metrics": ("GetMetricsConfiguration", "PutMetricsConfiguration"),
    "notification": ("GetBucketNotification", "PutBucketNotification"),
    "object-lock": ("GetBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration"),
    "ownershipControls": ("GetBucketOwnershipControls", "PutBucketOwnershipControls"),
    "policy": ("GetBucketPolicy", "PutBucketPolicy"),
    "policyStatus": ("GetBucketPolicyStatus", None),
    "publicAccessBlock": ("GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock"),
    "replication": ("GetReplicationConfiguration", "PutReplicationConfiguration"),
    "requestPayment": ("GetBucketRequestPayment", "PutBucketRequestPayment"),
    "tagging": ("GetBucketTagging", "PutBucketTagging"),
    "uploads": ("ListBucketMultipartUploads", None),
    "versioning": ("GetBucketVersioning", "PutBucketVersioning"),
    "versions": ("ListBucketVersions", None),
    "website": ("GetBucketWebsite", "PutBucketWebsite"),
}
BUCKET_DELETE = {"policy": "DeleteBucketPolicy", "website": "DeleteBucketWebsite"}
OBJECT = {
    "acl": {"GET": "GetObjectAcl", "PUT": "PutObjectAcl"},
    "attributes": {"GET": "GetObjectAttributes"},
    "legal-hold": {"GET": "GetObjectLegalHold", "PUT": "PutObjectLegalHold"},
    "restore": {"POST": "RestoreObject"},
    "retention": {"GET": "GetObjectRetention", "PUT": "PutObjectRetention"},
    "tagging": {"GET": "GetObjectTagging", "PUT": "PutObjectTagging", "DELETE": "DeleteObjectTagging"},
    "uploadId": {"GET": "ListMultipartUploadParts", "DELETE": "AbortMultipartUpload"},
}


def s3_action(method, query, bucket_name=None, key_name=None):
    """The action of a request, such as `s3:PutObject`. `query` is what stands behind the question mark."""
    if not bucket_name:
        return "s3:ListAllMyBuckets"
    return "s3:" + (_of_object(method, query) if key_name else _of_bucket(method, query))


def _of_bucket(method, query):
    for name, (read, write) in BUCKET.items():
        if name in query:
            return read if method in ("GET", "HEAD") else BUCKET_DELETE.get(name, write) if method == "DELETE" else write
    # POST ?delete removes several objects; S3 asks for each of them.
    return {"GET": "ListBucket", "HEAD": "ListBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}.get(method, "DeleteObject")


def _of_object(method, query):
    for name, actions in OBJECT.items():
        if name in query and method in actions:
            return actions[method]
    if "versionId" in query and method in ("GET", "HEAD", "DELETE"):
        return "DeleteObjectVersion" if method == "DELETE" else "GetObjectVersion"
    return {"GET": "GetObject", "HEAD": "GetObject", "DELETE": "DeleteObject"}.get(method, "PutObject")
