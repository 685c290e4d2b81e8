"""Whose an access key is and what it may do; the administrators that every account starts with."""

import json
from dataclasses import dataclass

from moto.core import models as core_models
from moto.iam import models as iam_models
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from .settings import SETTINGS

ADMINISTRATOR = "administrator"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TWELVE_HOURS = 43_200

# The account of requests without a known key. They are refused, but moto looks an account up first.
iam_models.DEFAULT_ACCOUNT_ID = core_models.DEFAULT_ACCOUNT_ID = SETTINGS.management_account


def partition_of(region):
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


PARTITION = partition_of(SETTINGS.region)


@dataclass(frozen=True)
class Identity:
    account_id: str
    arn: str  # of the user, or of the role session
    principal_arn: str  # of the user, or of the role
    unique_id: str
    secret_access_key: str
    session_token: str = None
    session_policy: dict = None
    policies: tuple = ()  # ({"name", "document"}, ...), as they are now
    role_arn: str = None

    @property
    def administers(self):
        return self.principal_arn in ADMINISTRATORS


ADMINISTRATORS = set()


def add_account(account):
    """An account as Organizations leaves it: somebody who administers it, and roles for the management account.

    Returns the administrator's keys.
    """
    account_id = account["accountId"]
    iam = iam_of(account_id)
    user = iam.users.get(ADMINISTRATOR) or iam.create_user("us-east-1", ADMINISTRATOR)
    iam.put_user_policy(ADMINISTRATOR, "everything", json.dumps(EVERYTHING))
    ADMINISTRATORS.add(user.arn)
    for role in account.get("roles") or [{"name": "OrganizationAccountAccessRole"}]:
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": account_root(SETTINGS.management_account)}}
        if role.get("externalId"):
            trust["Condition"] = {"StringEquals": {"sts:ExternalId": role["externalId"]}}
        made = iam.create_role(role["name"], json.dumps({"Version": "2012-10-17", "Statement": [trust]}), "/", None, "", [], "3600")
        iam.put_role_policy(role["name"], "everything", json.dumps(EVERYTHING))
        ADMINISTRATORS.add(made.arn)
    key = iam.create_access_key(ADMINISTRATOR)
    return {"accessKeyId": key.access_key_id, "secretAccessKey": key.secret_access_key}


def account_root(account_id):
    return f"arn:{PARTITION}:iam::{account_id}:root"


def iam_of(account_id):
    return iam_backends[account_id][PARTITION]


def identity_of(access_key_id):
    """The identity of an access key, or None if nobody has such a key."""
    for account_id in list(iam_backends):
        iam = iam_of(account_id)
        key = iam.access_keys.get(access_key_id)
        if key and key.role_arn:
            return _session(account_id, access_key_id)
        if key:
            user = iam.users[key.user_name]
            return Identity(
                account_id, user.arn, user.arn, user.id, key.secret_access_key, policies=tuple(_user_policies(iam, user))
            )
    return None


def assume_role(role_arn, session_name, region, session_policy=None, seconds=TWELVE_HOURS):
    """A new session of a role, without asking whether it may be assumed."""
    account_id = role_arn.split(":")[4]
    return sts_backends[account_id][PARTITION].assume_role(region, session_name, role_arn, session_policy, seconds, None)


def role_of(role_arn):
    """The role, or None if there is none."""
    account_id, name = role_arn.split(":")[4], role_arn.split("/")[-1]
    return next((role for role in list(iam_of(account_id).roles.values()) if role.name == name), None)


def role_policies(role):
    return [{"name": name, "document": _document(text)} for name, text in role.policies.items()] + _managed(role)


def session_arn(role_arn, session_name):
    return f"arn:{PARTITION}:sts::{role_arn.split(':')[4]}:assumed-role/{role_arn.split('/')[-1]}/{session_name}"


def _session(account_id, access_key_id):
    session = sts_backends[account_id][PARTITION].get_assumed_role_from_access_key(access_key_id)
    role = session and role_of(session.role_arn)
    # A session outlives its role by its hours, but not its rights.
    return session and Identity(
        account_id,
        session.arn,
        session.role_arn,
        session.user_id,
        session.secret_access_key,
        session.session_token,
        _document(session.policy) if session.policy else None,
        tuple(role_policies(role)) if role else (),
        session.role_arn,
    )


def _user_policies(iam, user):
    for holder in [user, *iam.get_groups_for_user(user.name)]:
        for name, text in holder.policies.items():
            yield {"name": name, "document": _document(text)}
        yield from _managed(holder)


def _managed(holder):
    return [{"name": policy.name, "document": _document(policy.document)} for policy in holder.managed_policies.values()]


def _document(text):
    return json.loads(text) if isinstance(text, str) else text
