"""CloudTrail looks at the bucket's policy and at the role before it takes a trail; moto looks whether the bucket exists."""

from moto.cloudtrail.models import CloudTrailBackend
from moto.core.exceptions import JsonRESTError
from moto.logs.models import logs_backends

from .authorization import ask, ask_for_service, bucket_policy, service_may_assume
from .identities import PARTITION, Identity, role_of, role_policies, session_arn
from .patching import patch

SERVICE = "cloudtrail.amazonaws.com"


@patch(CloudTrailBackend)
def create_trail(moto, backend, name, bucket_name, s3_key_prefix, *args, **kwargs):
    trail = moto(backend, name, bucket_name, s3_key_prefix, *args, **kwargs)
    try:
        _check(backend, trail)
    except JsonRESTError:
        del backend.trails[name]
        raise
    return trail


@patch(CloudTrailBackend)
def update_trail(moto, backend, name, *args, **kwargs):
    trail = backend.get_trail(name)
    before = dict(vars(trail))
    updated = moto(backend, trail.trail_name, *args, **kwargs)
    try:
        _check(backend, updated)
    except JsonRESTError:
        vars(trail).update(before)
        raise
    return updated


def _check(backend, trail):
    _check_bucket(backend, trail)
    if trail.cw_log_group_arn or trail.cw_role_arn:
        _check_role(backend, trail)


def _check_bucket(backend, trail):
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    owner, policy = bucket_policy(trail.bucket_name)
    bucket = f"arn:{PARTITION}:s3:::{trail.bucket_name}"
    prefix = f"{trail.s3_key_prefix}/" if trail.s3_key_prefix else ""
    file = f"{bucket}/{prefix}AWSLogs/{backend.account_id}/CloudTrail/{backend.region_name}/2000/01/01/file.json.gz"
    owner_control = {"s3:x-amz-acl": "bucket-owner-full-control"}
    for action, resource, context in (("s3:GetBucketAcl", bucket, {}), ("s3:PutObject", file, owner_control)):
        decision = ask_for_service(SERVICE, action, resource, owner, backend.account_id, trail.arn, policy, **context)
        if not decision.allowed:
            message = f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket_name} ({decision.reason})"
            raise JsonRESTError("InsufficientS3BucketPolicyException", message)


def _check_role(backend, trail):
    # CloudTrail sends no aws:SourceArn and no aws:SourceAccount when it assumes the role.
    role = trail.cw_role_arn and role_of(trail.cw_role_arn)
    if not role or not service_may_assume(SERVICE, trail.cw_role_arn).allowed:
        _refuse("InvalidCloudWatchLogsRoleArnException", "Access denied. Check the trust relationships for your role.")
    group = (trail.cw_log_group_arn or "").removesuffix(":*")
    if not _log_group_exists(backend, group):
        message = "CloudTrail cannot validate the specified log group ARN."
        _refuse("InvalidCloudWatchLogsLogGroupArnException", message)
    arn = session_arn(trail.cw_role_arn, "CLOUDWATCH_LOGS_DELIVERY_SESSION")
    identity = Identity(
        backend.account_id,
        arn,
        trail.cw_role_arn,
        role.id,
        "",
        policies=tuple(role_policies(role)),
        role_arn=trail.cw_role_arn,
    )
    stream = f"{group}:log-stream:{backend.account_id}_CloudTrail_{backend.region_name}"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        decision = ask(arn, action, stream, backend.account_id, {"aws:SecureTransport": "true"}, identity)
        if not decision.allowed:
            message = f"Access denied. Check the permissions for your role. ({decision.reason})"
            _refuse("InvalidCloudWatchLogsRoleArnException", message)


def _log_group_exists(backend, arn):
    parts = arn.split(":", 6)
    if len(parts) < 7:
        return False
    return parts[4] == backend.account_id and parts[6] in logs_backends[parts[4]][parts[3]].groups


def _refuse(code, message):
    raise JsonRESTError(code, message)
