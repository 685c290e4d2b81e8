"""Nothing happens unless the deployed policies allow it.

moto evaluates no policy worth the name. Here every call is put to the authorizer (see authorizer.ts), with the caller's
own policies and the policy of the resource as they are at that moment. Administrators may do everything that no bucket
policy or trust policy denies them, so that only those calls of theirs are put to it.
"""

import json
import threading
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import parse_qs, urlsplit

import urllib3
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.s3.exceptions import S3AccessDeniedError, S3ClientError
from moto.s3.models import FakeBucket, s3_backends
from moto.iam.access_control import PermissionResult

from .calls import CALLS
from .identities import PARTITION, identity_of, role_of
from .patching import patch
from .s3_actions import s3_action
from .settings import SETTINGS

_pool = urllib3.PoolManager(maxsize=32, retries=False)


@dataclass(frozen=True)
class Decision:
    allowed: bool
    reason: str
    explicitDeny: bool = False


def ask(principal, action, resource, resource_account, context=None, identity=None, resource_policy=None):
    """Whether `principal` (an ARN, or a service's name) may do `action`; `identity` brings its own policies."""
    question = {
        "principal": principal,
        "action": action,
        "resource": {"arn": resource, "accountId": resource_account},
        "context": _always(resource_account) | (_of(identity) if identity else {}) | (context or {}),
        "identityPolicies": list(identity.policies) if identity else [],
        "sessionPolicy": identity.session_policy if identity else None,
        "resourcePolicy": resource_policy,
    }
    answer = _pool.request("POST", SETTINGS.authorizer_url, body=json.dumps({k: v for k, v in question.items() if v is not None}))
    if answer.status != 200:
        return Decision(False, f"the authorizer failed: {answer.data.decode()}")
    return Decision(**json.loads(answer.data))


def ask_for_service(service, action, resource, resource_account, source_account, source_arn, resource_policy, **context):
    """Whether a service of AWS may do something on behalf of one of its resources."""
    keys = {
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": service,
        "aws:SecureTransport": "true",
        "aws:SourceAccount": source_account,
        "aws:SourceArn": source_arn,
    }
    return ask(service, action, resource, resource_account, keys | context, resource_policy=resource_policy)


def bucket_policy(bucket_name):
    """(the account of a bucket or None, its policy or None)."""
    _, account_id = s3_backends.bucket_accounts.get(bucket_name, (None, None))
    bucket = account_id and s3_backends[account_id][PARTITION].buckets.get(bucket_name)
    return account_id, json.loads(bucket.policy) if bucket and bucket.policy else None


def ask_bucket(identity, action, bucket_name, key_name=None, **context):
    account_id, policy = bucket_policy(bucket_name)
    resource = f"arn:{PARTITION}:s3:::{bucket_name}" + (f"/{key_name}" if key_name else "")
    # A bucket that is not there yet will be the caller's own.
    account_id = account_id or identity.account_id
    context = {"s3:ResourceAccount": account_id} | context
    return ask(identity.arn, action, resource, account_id, context, identity, policy)


def trust_policy(role):
    document = role.assume_role_policy_document
    return json.loads(document) if isinstance(document, str) else document


def service_may_assume(service, role_arn, **context):
    """Whether the role's trust policy lets a service take it."""
    role = role_of(role_arn)
    if not role:
        return Decision(False, f"there is no role {role_arn}")
    return ask(service, "sts:AssumeRole", role_arn, role_arn.split(":")[4], context, resource_policy=trust_policy(role))


def _always(resource_account):
    now = datetime.now(timezone.utc)
    return {
        "aws:CurrentTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:RequestedRegion": SETTINGS.region,
        "aws:ResourceAccount": resource_account,
    }


def _of(identity):
    return {
        "aws:PrincipalAccount": identity.account_id,
        "aws:PrincipalArn": identity.principal_arn,
        "aws:PrincipalIsAWSService": "false",
        "aws:PrincipalType": "AssumedRole" if identity.role_arn else "User",
        "aws:ViaAWSService": "false",
        "aws:userid": identity.unique_id,
    }


# ---------------------------------------------------------------- the calls that come in


class AccessDenied(ServiceException):
    code = "AccessDeniedException"


def _caller(response):
    """The identity that signed a request, or None for a key that nobody has or a session token that is not its own."""
    identity = identity_of(response.access_key) if "Authorization" in response.headers or "X-Amz-Credential" in response.uri else None
    token = response.headers.get("X-Amz-Security-Token") or parse_qs(urlsplit(response.uri).query).get("X-Amz-Security-Token", [None])[0]
    return identity if identity and identity.session_token == token else None


def _of_request(response):
    environ = response.normalized_request.environ
    return {
        "aws:SecureTransport": "true" if environ["wsgi.url_scheme"] == "https" else "false",
        "aws:SourceIp": environ["REMOTE_ADDR"],
        "aws:UserAgent": response.headers.get("User-Agent", ""),
    }


@patch(BaseResponse)
def call_action(moto, self):
    refusal = _refusal(self)
    if not refusal:
        return moto(self)
    return self.serialized(ActionResult(refusal))


def _refusal(response):
    identity, action = _caller(response), response._get_action()
    service = _signing_name(response)
    if not identity:
        return _error(response, "InvalidClientTokenId", "UnrecognizedClientException", "The security token included in the request is invalid.")
    CALLS.record(response, identity.account_id, f"{service}:{action}")
    if f"{service}:{action}" == "sts:GetCallerIdentity":
        return None
    if f"{service}:{action}" == "sts:AssumeRole":
        decision = _may_assume(response, identity)
    elif identity.administers:
        return None
    else:
        resource = _resource(service, action, response)
        decision = ask(identity.arn, f"{service}:{action}", resource, identity.account_id, _of_request(response), identity)
    if decision.allowed:
        return None
    message = f"User: {identity.arn} is not authorized to perform: {service}:{action} ({decision.reason})"
    return _error(response, "AccessDenied", "AccessDeniedException", message)


def _error(response, query_code, json_code, message):
    service = _signing_name(response)
    return ServiceException(query_code if service in ("iam", "sts") else json_code, message)


def _signing_name(response):
    """The service as policies name it."""
    scope = response.headers.get("Authorization", "").split(",")[0].split("/")
    name = scope[3] if len(scope) > 3 else str(response.service_name)
    return {"monitoring": "cloudwatch"}.get(name, name)


def _may_assume(response, identity):
    role_arn = response._get_param("RoleArn")
    role = role_of(role_arn)
    if not role:
        return Decision(False, f"there is no role {role_arn}")
    context = _of_request(response) | {"sts:RoleSessionName": response._get_param("RoleSessionName")}
    external_id = response._get_param("ExternalId")
    context |= {"sts:ExternalId": external_id} if external_id else {}
    return ask(identity.arn, "sts:AssumeRole", role_arn, role_arn.split(":")[4], context, identity, trust_policy(role))


def _resource(service, action, response):
    """The ARN that a call is about, for the calls that a function of this project could make; else all."""
    arn = f"arn:{PARTITION}:{service}:{response.region}:{response.current_account}"
    if service == "logs":
        parameters = json.loads(response.body or "{}")
        stream = parameters.get("logStreamName", "")
        return f"{arn}:log-group:{parameters['logGroupName']}:log-stream:{stream}" if "logGroupName" in parameters else "*"
    if service == "lambda" and "/functions/" in response.path:
        return f"{arn}:function:{response.path.split('/functions/')[1].split('/')[0]}"
    if service == "es" and "/domain/" in response.path:
        return f"{arn}:domain/{response.path.split('/domain/')[1].split('/')[0]}"
    return "*"


# ---------------------------------------------------------------- S3


@patch(ActionAuthenticatorMixin)
def _authenticate_and_authorize_normal_action(moto, self, resource="*"):
    """Done in call_action."""


@patch(ActionAuthenticatorMixin)
def _authenticate_and_authorize_s3_action(moto, self, bucket_name=None, key_name=None):
    identity = _caller(self)
    if not identity:
        raise S3ClientError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    query = parse_qs(urlsplit(self.uri).query, keep_blank_values=True)
    action = s3_action(self.method, query, bucket_name, key_name)
    CALLS.record(self, identity.account_id, action)
    context = _of_request(self) | _s3_context(self.headers, query)
    _deleting.by = None
    if not bucket_name:
        decision = ask(identity.arn, action, "*", identity.account_id, context, identity)
    else:
        if identity.administers and bucket_policy(bucket_name) == (identity.account_id, None):
            return
        if self.method == "POST" and not key_name:
            # The list of objects to delete is in the body: each of them is asked for below.
            _deleting.by = lambda key: ask_bucket(identity, action, bucket_name, key, **context)
            return
        decision = ask_bucket(identity, action, bucket_name, key_name, **context)
        if decision.allowed and action == "s3:GetObject":
            decision = _may_know(self, identity, bucket_name, key_name, context)
    if not decision.allowed:
        denials.record(decision.reason)
        raise S3AccessDeniedError()


def _may_know(response, identity, bucket_name, key_name, context):
    """Who may not list a bucket is not told that an object is missing, but refused."""
    account_id, _ = bucket_policy(bucket_name)
    bucket = account_id and s3_backends[account_id][PARTITION].buckets.get(bucket_name)
    if bucket and key_name not in bucket.keys:
        return ask_bucket(identity, "s3:ListBucket", bucket_name, **context)
    return Decision(True, "")


def _s3_context(headers, query):
    sent = {
        "s3:x-amz-acl": headers.get("x-amz-acl"),
        "s3:x-amz-server-side-encryption": headers.get("x-amz-server-side-encryption"),
        "s3:x-amz-server-side-encryption-aws-kms-key-id": headers.get("x-amz-server-side-encryption-aws-kms-key-id"),
        "s3:x-amz-storage-class": headers.get("x-amz-storage-class"),
        "s3:prefix": query.get("prefix", [None])[0],
        "s3:delimiter": query.get("delimiter", [None])[0],
        "s3:max-keys": query.get("max-keys", [None])[0],
        "s3:VersionId": query.get("versionId", [None])[0],
    }
    return {key: value for key, value in sent.items() if value is not None}


@patch(FakeBucket)
def get_permission(moto, self, action, resource):
    """moto's own look at the bucket policy takes no account of conditions: a Deny for plain HTTP would deny all.

    It looks once more at each object of a list to delete: the one place where its question is answered.
    """
    if action == "s3:DeleteObject" and getattr(_deleting, "by", None):
        decision = _deleting.by(resource.split(":::")[1].split("/", 1)[1])
        if not decision.allowed:
            denials.record(decision.reason)
            return PermissionResult.DENIED
    return PermissionResult.NEUTRAL


_deleting = threading.local()


class Denials:
    """The reasons of the last denials of S3, whose answers give none."""

    def __init__(self):
        self.reasons = []

    def record(self, reason):
        self.reasons = [*self.reasons, reason][-20:]


denials = Denials()
