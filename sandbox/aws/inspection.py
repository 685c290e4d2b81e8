"""What the sandbox itself asks its AWS, under /_sandbox/: nothing of it exists on AWS."""

import json

import settings
from authorization import caller_of
from functions import activity
from moto.opensearch.models import opensearch_backends
from moto.core.base_backend import BackendDict
from werkzeug.wrappers import Response

# Service, attribute of its backend: what an account has after everything was destroyed should be nothing of these.
KINDS = {
    "apigatewayv2": "apis",
    "cloudtrail": "trails",
    "cloudwatch": "alarms",
    "lambda": "_lambdas",
    "logs": "groups",
    "opensearch": "domains",
    "s3": "buckets",
    "sns": "topics",
}


def serve(path):
    what, _, name = path.partition("/")
    if what == "callers":
        return reply(caller_of(name))
    if what == "activity":
        return reply({"inFlight": activity.in_flight, "invocations": activity.invocations, "errors": activity.errors})
    if what == "domains":
        return reply(domain(name))
    if what == "leftovers":
        return reply(leftovers())
    return reply(None)


def reply(value):
    return Response(json.dumps(value, default=str), 200 if value is not None else 404, content_type="application/json")


def domain(name):
    for account_id, regions in list(opensearch_backends.items()):
        for backend in list(regions.values()):
            if name in backend.domains:
                found = backend.domains[name]
                return {"arn": found.arn, "accountId": account_id, "accessPolicies": found.access_policies}
    return None


def leftovers():
    """Names of all that is there, by account and kind; roles without those of the sandbox's own administrators."""
    from moto.iam.models import iam_backends

    found = []
    for service, attribute in KINDS.items():
        for account_id, regions in list(backends(service).items()):
            for backend in list(regions.values()):
                found += [f"{account_id} {service} {key}" for key in names(getattr(backend, attribute, {}))]
    for account_id, partitions in list(iam_backends.items()):
        own = {account["roleName"] for account in settings.accounts}
        roles = {role.name for backend in partitions.values() for role in backend.roles.values()} - own
        found += [f"{account_id} iam {name}" for name in sorted(roles)]
    return sorted(set(found))


def backends(service):
    from moto.backends import get_backend

    found = get_backend(service)
    assert isinstance(found, BackendDict)
    return found


def names(collection):
    if hasattr(collection, "_functions"):
        return list(collection._functions)
    return list(collection)
