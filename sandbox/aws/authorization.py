"""Who calls, and whether the policies, as they are deployed, let the caller. moto does not look at policies.

The decision itself is made by a policy simulator behind --authorizer; here is gathered what it has to know.
"""

import json
import urllib.request
from urllib.parse import unquote

import settings
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends

PARTITION = "aws"
# Names by which deployed zips and people's roles are told from Terraform's own administrators.
administrators = set()


def caller_of(access_key_id):
    """The role session of an access key, with its role's policies: None where there is no such session."""
    for account in list(sts_backends.values()):
        session = account[PARTITION].get_assumed_role_from_access_key(access_key_id)
        if session:
            return {
                "accountId": session.account_id,
                "arn": session.arn,
                "roleArn": session.role_arn,
                "secretAccessKey": session.secret_access_key,
                "sessionToken": session.session_token,
                "policies": role_policies(session.role_arn),
            }
    return None


def role_policies(role_arn):
    backend = iam_backends[role_arn.split(":")[4]][PARTITION]
    role = backend.get_role_by_arn(role_arn)
    inline = [{"name": name, "document": parse(document)} for name, document in role.policies.items()]
    attached = [{"name": p.name, "document": parse(p.document)} for p in role.managed_policies.values()]
    return inline + attached


def parse(document):
    """IAM documents arrive percent-encoded in some calls."""
    if isinstance(document, (dict, list)):
        return document
    return json.loads(document if document.lstrip().startswith("{") else unquote(document))


def role_caller(role_arn, session_name):
    """What a role is when a service acts in its name."""
    account = role_arn.split(":")[4]
    return {
        "accountId": account,
        "arn": f"arn:aws:sts::{account}:assumed-role/{role_arn.split('/')[-1]}/{session_name}",
        "roleArn": role_arn,
        "policies": role_policies(role_arn),
    }


def allowed(caller, action, resource, resource_account, context, resource_policy=None):
    """Ask whether `caller` (a role session as above, or {"service": name}) may do `action`."""
    question = {
        "caller": caller,
        "action": action,
        "resource": {"arn": resource, "accountId": resource_account},
        "context": context,
        "resourcePolicy": resource_policy,
    }
    request = urllib.request.Request(
        settings.options.authorizer, json.dumps(question).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)["allowed"]


def bucket_policy(name):
    """(account of the bucket, its policy or None); (None, None) where there is no such bucket."""
    partition, account = s3_backends.bucket_accounts.get(name, (None, None))
    if not account:
        return None, None
    policy = s3_backends[account][partition].buckets[name].policy
    return account, json.loads(policy) if policy else None


def s3_allowed(caller, action, bucket, key, secure, extra=None):
    """Whether a call on a bucket, or on an object in it, is allowed."""
    account, policy = bucket_policy(bucket)
    if not account:
        return True  # no such bucket: the service itself says so
    resource = f"arn:aws:s3:::{bucket}/{key}" if key is not None else f"arn:aws:s3:::{bucket}"
    context = {
        "aws:SecureTransport": "true" if secure else "false",
        "s3:ResourceAccount": account,
        "aws:ResourceAccount": account,
        **(extra or {}),
    }
    return allowed(caller, action, resource, account, context, policy)
