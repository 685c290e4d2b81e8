"""Log groups hand their events over to the functions that subscribe, if the function lets them."""

import base64
import gzip
import json

from authorization import allowed
from functions import invoke_asynchronously
from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogEvent, LogsBackend
from patching import patch


def may_invoke(function, log_group, account, region):
    """The function's own policy decides, with the log group's ARN and account."""
    source = f"arn:aws:logs:{region}:{account}:log-group:{log_group}:*"
    policy = {"Version": "2012-10-17", "Statement": [plain(s) for s in function.policy.statements]}
    context = {"aws:SourceArn": source, "aws:SourceAccount": account}
    caller = {"service": "logs.amazonaws.com"}
    return allowed(caller, "lambda:InvokeFunction", function.function_arn, account, context, policy)


def plain(statement):
    """moto keeps condition keys as `AWS:SourceArn` and the like, and a Sid that may be missing."""
    return {key: value for key, value in statement.items() if value is not None}


@patch(LogsBackend)
def put_subscription_filter(moto, self, log_group_name, filter_name, filter_pattern, destination_arn, role_arn):
    """AWS tries the function out when a filter is made; moto does not."""
    function = lambda_backends[self.account_id][self.region_name].get_function_by_arn(destination_arn)
    if function and not may_invoke(function, log_group_name, self.account_id, self.region_name):
        raise InvalidParameterException(
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute "
            "your function."
        )
    moto(self, log_group_name, filter_name, filter_pattern, destination_arn, role_arn)


@patch(LambdaBackend)
def send_log_event(moto, backend, function_arn, filter_name, log_group_name, log_stream_name, log_events):
    """PutLogEvents does not wait for the subscriber, so hand the invocation over as an asynchronous one."""
    function = backend.get_function_by_arn(function_arn)
    if not may_invoke(function, log_group_name, backend.account_id, backend.region_name):
        return  # AWS counts a DeliveryError and skips the events
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": backend.account_id,
        "logGroup": log_group_name,
        "logStream": log_stream_name,
        "subscriptionFilters": [filter_name],
        "logEvents": log_events,
    }
    packed = base64.b64encode(gzip.compress(json.dumps(data).encode(), 1)).decode()
    invoke_asynchronously(function, {"awslogs": {"data": packed}})


@patch(LogEvent)
def __init__(moto, self, ingestion_time, log_event):
    """AWS's ids are 56 digits, the time first; moto counts from 0 again at each start."""
    moto(self, ingestion_time, log_event)
    self.event_id = f"{self.timestamp * 2**144 + self.event_id:056d}"
