"""Events that nobody waits for: retries, then the destination.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import json
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import boto3
from moto.s3.models import s3_backends

from . import identities
from .authorization import ask_bucket
from .counts import COUNTS
from .functions import CONCURRENCY, ENDPOINT, POOL, role_session
from .settings import SETTINGS

MAXIMUM_RETRIES = 2


class Events:
    """The queue of events in front of all functions."""

    def __init__(self):
        self.condition, self.unfinished = threading.Condition(), 0
        self.workers = ThreadPoolExecutor(max_workers=CONCURRENCY * 4)

    def accept(self, function, event):
        with self.condition:
            self.unfinished += 1
        self.workers.submit(self._work, function, event)

    def wait_until_idle(self, seconds):
        """Whether within that time there was nothing left to run, retry or keep."""
        with self.condition:
            return self.condition.wait_for(lambda: self.unfinished == 0, seconds)

    def close(self):
        self.workers.shutdown(wait=False, cancel_futures=True)

    def _work(self, function, event):
        try:
            _run_with_retries(function, event)
        except Exception as error:
            print(f"{function.function_arn}: {error!r}", file=sys.stderr, flush=True)
            COUNTS.lost(function.function_arn, repr(error))
        finally:
            with self.condition:
                self.unfinished -= 1
                self.condition.notify_all()


EVENTS = Events()


def _run_with_retries(function, event):
    arrived, attempt = time.time(), 0
    while True:
        payload, failed, _ = POOL.run(function, event)
        config = function.event_invoke_config[-1].config if function.event_invoke_config else {}
        if not failed or attempt >= config.get("MaximumRetryAttempts", MAXIMUM_RETRIES):
            break
        if time.time() - arrived + SETTINGS.retry_seconds > config.get("MaximumEventAgeInSeconds", 21_600):
            break
        attempt += 1
        time.sleep(SETTINGS.retry_seconds * attempt)
        COUNTS.retried(function.function_arn)
    which = "OnFailure" if failed else "OnSuccess"
    destination = config.get("DestinationConfig", {}).get(which, {}).get("Destination")
    if destination:
        _keep(function, destination, _record(function, event, payload, failed, attempt + 1), failed)
    elif failed:
        COUNTS.lost(function.function_arn, "the function has no on-failure destination")


def _record(function, event, payload, failed, count):
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    return {
        "version": "1.0",
        "timestamp": _now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{function.function_arn}:$LATEST",
            "condition": "RetriesExhausted" if failed else "Success",
            "approximateInvokeCount": count,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"}
        | ({"functionError": "Unhandled"} if failed else {}),
        "responsePayload": json.loads(payload),
    }


def _keep(function, destination, record, failed):
    _, _, service, region, account, name = destination.split(":", 5)
    if service == "s3":
        refused = _put(function, name, record)
    else:
        refused = _send(function, service, region, account, name, destination, json.dumps(record))
    if not failed:
        return
    if refused:
        COUNTS.lost(function.function_arn, refused)
    else:
        COUNTS.kept(function.function_arn)


def _put(function, bucket, record):
    """Into a bucket, for which Lambda wants to be allowed to write and to list. Returns why not, or None."""
    now = _now()
    key = (
        f"aws/lambda/async/{function.function_name}/{now:%Y/%m/%d}/"
        f"{now:%Y-%m-%dT%H.%M.%S}-{record['requestContext']['requestId']}"
    )
    identity = role_session(function)
    for action, object_key in (("s3:ListBucket", None), ("s3:PutObject", key)):
        decision = ask_bucket(identity, action, bucket, object_key, **{"aws:SecureTransport": "true"})
        if not decision.allowed:
            return decision.reason
    s3_backends[function.account_id][identities.PARTITION].put_object(
        bucket, key, json.dumps(record).encode(), request_method="PUT"
    )
    return None


def _send(function, service, region, account, name, arn, text):
    """To a queue or topic, by the API, which asks for the rights itself. Returns why not, or None."""
    session = identities.assume_role(function.role, function.function_name, function.region)
    client = boto3.client(
        service,
        endpoint_url=ENDPOINT["url"],
        verify=SETTINGS.certificate["caFile"],
        region_name=region,
        aws_access_key_id=session.access_key_id,
        aws_secret_access_key=session.secret_access_key,
        aws_session_token=session.session_token,
    )
    try:
        if service == "sqs":
            client.send_message(QueueUrl=f"{ENDPOINT['url']}/{account}/{name}", MessageBody=text)
        elif service == "sns":
            client.publish(TopicArn=arn, Message=text)
        else:
            return f"the sandbox delivers nothing to {arn}"
    except Exception as error:
        return str(error)
    return None


def _now():
    return datetime.now(timezone.utc)
