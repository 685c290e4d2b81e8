"""Checks that AWS makes and moto does not: who may assume a role, what a trail needs, what a bucket's policy denies."""

import re
from urllib.parse import unquote

from authorization import allowed, administrators, bucket_policy, caller_of, parse, role_policies, s3_allowed
from moto.awslambda.models import LambdaBackend
from moto.cloudtrail.models import CloudTrailBackend
from moto.core.exceptions import JsonRESTError
from moto.iam.models import iam_backends
from patching import patch
from werkzeug.wrappers import Response

ACCESS_KEY = re.compile(r"Credential=([A-Z0-9]{16,})/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/")
CLOUDTRAIL = {"service": "cloudtrail.amazonaws.com"}


def refusal(environ):
    """The refusal of a request, or None: calls of deployed zips need a permission, everybody obeys a bucket's Deny."""
    match = ACCESS_KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
    if not match:
        return None
    access_key, _, service = match.groups()
    if service == "s3":
        return s3_refusal(environ, access_key)
    if access_key in administrators:
        return None
    caller = caller_of(access_key)
    if not caller or is_administrator(caller):
        return None
    return None if service == "sts" else denied_json(caller, service)


def s3_refusal(environ, access_key):
    bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    action = s3_action(environ["REQUEST_METHOD"], key, environ.get("QUERY_STRING", ""))
    caller = caller_of(access_key)
    if not action or not caller:
        return None
    secure = environ["wsgi.url_scheme"] == "https"
    if s3_allowed(caller, action, bucket, unquote(key) if key else None, secure):
        return None
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>'
        f"<Message>User: {caller['arn']} is not authorized to perform: {action}</Message></Error>"
    )
    return Response(body, 403, content_type="application/xml")


def s3_action(method, key, query):
    """Objects and their listing; the configuration of buckets is Terraform's, which is an administrator."""
    if key:
        return {"PUT": "s3:PutObject", "GET": "s3:GetObject", "HEAD": "s3:GetObject", "DELETE": "s3:DeleteObject"}.get(method)
    return "s3:ListBucket" if method == "GET" and ("list-type" in query or not query) else None


def is_administrator(caller):
    return any(policy["name"] == "AdministratorAccess" for policy in caller["policies"])


def denied_json(caller, service):
    return Response(
        f'{{"__type":"AccessDeniedException","message":"User: {caller["arn"]} is not authorized to call {service}"}}',
        403,
        content_type="application/x-amz-json-1.1",
    )


def assume_role_refusal(environ, form):
    """The role must be there and its trust policy must name the caller."""
    match = ACCESS_KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
    role_arn = form.get("RoleArn", "")
    caller = caller_of(match.group(1)) if match else None
    if not caller:
        return None
    try:
        role = iam_backends[role_arn.split(":")[4]]["aws"].get_role_by_arn(role_arn)
        trust = parse(role.assume_role_policy_document)
        context = {"sts:ExternalId": form["ExternalId"]} if "ExternalId" in form else {}
        fine = allowed(caller, "sts:AssumeRole", role_arn, role_arn.split(":")[4], context, trust)
    except Exception:  # noqa: BLE001 - moto raises its own kinds for a missing role; AWS answers the same for both
        fine = False
    if fine:
        return None
    body = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>AccessDenied</Code><Message>User: {caller['arn']} is not authorized to perform: sts:AssumeRole on "
        f"resource: {role_arn}</Message></Error></ErrorResponse>"
    )
    return Response(body, 403, content_type="text/xml")


def check_trail(backend, name, bucket, log_group_arn, role_arn):
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html"""
    account = backend.account_id
    trail = f"arn:aws:cloudtrail:{backend.region_name}:{account}:trail/{name}"
    source = {"aws:SourceArn": trail, "aws:SourceAccount": account}
    owner, _ = bucket_policy(bucket)
    if owner:
        key = f"AWSLogs/{account}/CloudTrail/{backend.region_name}/test"
        fine = s3_allowed(CLOUDTRAIL, "s3:GetBucketAcl", bucket, None, True, source) and s3_allowed(
            CLOUDTRAIL, "s3:PutObject", bucket, key, True, source | {"s3:x-amz-acl": "bucket-owner-full-control"}
        )
        if not fine:
            raise JsonRESTError(
                "InsufficientS3BucketPolicyException", f"Incorrect S3 bucket policy is detected for bucket: {bucket}"
            )
    if role_arn:
        check_trail_role(backend, log_group_arn, role_arn)


def check_trail_role(backend, log_group_arn, role_arn):
    role = iam_backends[backend.account_id]["aws"].get_role_by_arn(role_arn)
    trust = parse(role.assume_role_policy_document)
    group = log_group_arn.removesuffix(":*")
    stream = f"{group}:log-stream:{backend.account_id}_CloudTrail_{backend.region_name}"
    caller = {
        "accountId": backend.account_id,
        "arn": f"arn:aws:sts::{backend.account_id}:assumed-role/{role_arn.split('/')[-1]}/CloudTrail",
        "roleArn": role_arn,
        "policies": role_policies(role_arn),
    }
    fine = allowed(CLOUDTRAIL, "sts:AssumeRole", role_arn, backend.account_id, {}, trust) and all(
        allowed(caller, action, stream, backend.account_id, {}) for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    )
    if not fine:
        raise JsonRESTError(
            "InvalidCloudWatchLogsRoleArnException", "Access denied. Check the trust relationships and permissions for your role."
        )


@patch(CloudTrailBackend)
def create_trail(moto, self, name, bucket_name, *args, **kwargs):
    given = dict(zip(("s3_key_prefix", "sns_topic_name", "is_global", "is_multi_region", "log_validation", "is_org_trail", "cw_log_group_arn", "cw_role_arn"), args)) | kwargs
    check_trail(self, name, bucket_name, given.get("cw_log_group_arn") or "", given.get("cw_role_arn") or "")
    return moto(self, name, bucket_name, *args, **kwargs)


@patch(LambdaBackend)
def create_function(moto, self, spec):
    """A role that Lambda cannot assume."""
    role = iam_backends[spec["Role"].split(":")[4]]["aws"].get_role_by_arn(spec["Role"])
    trust = parse(role.assume_role_policy_document)
    account = self.account_id
    if not allowed({"service": "lambda.amazonaws.com"}, "sts:AssumeRole", spec["Role"], account, {}, trust):
        raise JsonRESTError("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")
    return moto(self, spec)
