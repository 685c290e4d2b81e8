"""CloudWatch Logs hands what arrives in a log group to the functions that subscribe to it, if it may invoke them."""

import base64
import gzip
import json

from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogEvent, LogsBackend

from .asynchronous import EVENTS
from .authorization import ask_for_service
from .counts import COUNTS
from .identities import PARTITION
from .patching import patch

# What of one delivery the asynchronous invocation carries, in its encoded form.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAXIMUM_PAYLOAD = 1_048_576


@patch(LogsBackend)
def put_subscription_filter(moto, self, log_group_name, filter_name, filter_pattern, destination_arn, role_arn):
    if filter_pattern:
        raise InvalidParameterException("The sandbox evaluates no filter pattern: a subscription here gets all.")
    function = _function(destination_arn)
    if function:
        decision = _may_invoke(function, log_group_name)
        if not decision.allowed:
            raise InvalidParameterException(
                "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to "
                f"execute your function. ({decision.reason})"
            )
    moto(self, log_group_name, filter_name, filter_pattern, destination_arn, role_arn)


@patch(LambdaBackend)
def send_log_event(moto, backend, function_arn, filter_name, log_group_name, log_stream_name, log_events):
    function = _function(function_arn)
    if not function:
        COUNTS.delivery_skipped(function_arn, "the function is gone")
        return
    decision = _may_invoke(function, log_group_name)
    if not decision.allowed:
        COUNTS.delivery_skipped(function_arn, decision.reason)
        return
    _deliver(function, backend.account_id, log_group_name, log_stream_name, filter_name, log_events)


@patch(LogEvent)
def __init__(moto, self, ingestion_time, log_event):
    """AWS's ids are 56 digits, the time first; moto counts from 0 again at each start, so that in an index
    the events of today would overwrite those of yesterday."""
    moto(self, ingestion_time, log_event)
    self.event_id = f"{self.timestamp * 2**144 + self.event_id:056d}"


def _deliver(function, owner, group, stream, filter_name, events):
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": owner,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": [filter_name],
        "logEvents": events,
    }
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    encoded = base64.b64encode(gzip.compress(text, 6)).decode()
    if len(encoded) > MAXIMUM_PAYLOAD and len(events) > 1:
        half = len(events) // 2
        for part in (events[:half], events[half:]):
            _deliver(function, owner, group, stream, filter_name, part)
        return
    EVENTS.accept(function, {"awslogs": {"data": encoded}})


def _may_invoke(function, log_group_name):
    return ask_for_service(
        "logs.amazonaws.com",
        "lambda:InvokeFunction",
        function.function_arn,
        function.account_id,
        function.account_id,
        f"arn:{PARTITION}:logs:{function.region}:{function.account_id}:log-group:{log_group_name}:*",
        resource_policy(function),
    )


def resource_policy(function):
    """The function's own policy, or None while nobody has been given a permission."""
    statements = function.policy.statements
    return {"Version": "2012-10-17", "Id": "default", "Statement": statements} if statements else None


def _function(arn):
    _, _, service, region, account, *_ = arn.split(":")
    return lambda_backends[account][region].get_function_by_arn(arn) if service == "lambda" else None
