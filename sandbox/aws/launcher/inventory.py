"""What there is in the accounts, so that a run can prove that it left nothing."""

from moto.apigatewayv2.models import apigatewayv2_backends
from moto.awslambda.models import lambda_backends
from moto.cloudtrail.models import cloudtrail_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.opensearch.models import opensearch_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from .identities import PARTITION

# Kind -> (moto's backends, what of one backend its names are).
GLOBAL = {
    "bucket": (s3_backends, lambda s3: s3.buckets),
    "role": (iam_backends, lambda iam: [role.name for role in iam.roles.values()]),
    "user": (iam_backends, lambda iam: iam.users),
    "policy": (iam_backends, lambda iam: [p.name for p in iam.managed_policies.values() if ":aws:policy" not in p.arn]),
}
REGIONAL = {
    "alarm": (cloudwatch_backends, lambda cloudwatch: cloudwatch.alarms),
    "API": (apigatewayv2_backends, lambda gateway: [api.name for api in gateway.apis.values()]),
    "event source": (lambda_backends, lambda functions: functions._event_source_mappings),
    "function": (lambda_backends, lambda functions: [f.function_name for f in functions.list_functions()]),
    "key": (kms_backends, lambda kms: kms.keys),
    "log group": (logs_backends, lambda logs: logs.groups),
    "log resource policy": (logs_backends, lambda logs: logs.resource_policies),
    "queue": (sqs_backends, lambda sqs: sqs.queues),
    "search domain": (opensearch_backends, lambda search: search.domains),
    "topic": (sns_backends, lambda sns: sns.topics),
    "trail": (cloudtrail_backends, lambda trails: trails.trails),
}


def resources():
    """Every resource as "<account> <kind> <name>"."""
    found = set()
    for kind, (backends, names) in GLOBAL.items():
        for account_id, partitions in list(backends.items()):
            found |= {f"{account_id} {kind} {name}" for name in list(names(partitions[PARTITION]))}
    for kind, (backends, names) in REGIONAL.items():
        for account_id, regions in list(backends.items()):
            for backend in list(regions.values()):
                found |= {f"{account_id} {kind} {name}" for name in list(names(backend))}
    return found
