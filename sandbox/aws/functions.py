"""Deployed Lambda zips run in node processes that stay warm, with the credentials of their own role."""

import atexit
import io
import json
import os
import queue
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import settings
from authorization import allowed, role_caller, s3_allowed
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends
from patching import patch

BOOTSTRAP = Path(__file__).with_name("bootstrap.mjs")
INHERITED = ("PATH", "NODE_EXTRA_CA_CERTS", "LANG")
RUNNING_AT_ONCE = 4


class Activity:
    """How much is under way: a run is over when nothing is."""

    def __init__(self):
        self.lock, self.in_flight, self.invocations, self.errors = threading.Lock(), 0, 0, 0

    def begin(self):
        with self.lock:
            self.in_flight += 1

    def end(self):
        with self.lock:
            self.in_flight -= 1

    def count(self, failed):
        with self.lock:
            self.invocations += 1
            self.errors += failed


activity = Activity()


def role_credentials(function):
    """Credentials of the function's own role, in the function's own account."""
    role = sts_backends[function.account_id][function.partition].assume_role(
        function.region, function.function_name, function.role, None, 43200, None
    )
    return {
        "AWS_ACCESS_KEY_ID": role.access_key_id,
        "AWS_SECRET_ACCESS_KEY": role.secret_access_key,
        "AWS_SESSION_TOKEN": role.session_token,
    }


class Container:
    """One node process that stays warm between the invocations of one version of a function."""

    def __init__(self, function):
        self.directory = tempfile.mkdtemp(prefix=f"{function.function_name}-")
        zipfile.ZipFile(io.BytesIO(function.code_bytes)).extractall(self.directory)
        today = datetime.now(timezone.utc)
        self.log_stream = f"{today:%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
        reader, writer = os.pipe()
        self.process = subprocess.Popen(
            ["node", f"--max-old-space-size={function.memory_size}", BOOTSTRAP],
            cwd=self.directory,
            env=self._environment(function) | {"SANDBOX_RESULT_FD": str(writer)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=[writer],
        )
        os.close(writer)
        self.results = os.fdopen(reader)
        self.printed = queue.Queue()
        threading.Thread(target=self._read_output, daemon=True).start()

    def _environment(self, function):
        return {name: os.environ[name] for name in INHERITED if name in os.environ} | {
            **role_credentials(function),
            "AWS_DEFAULT_REGION": function.region,
            "AWS_ENDPOINT_URL": settings.url["tls"],
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
            "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            "AWS_REGION": function.region,
            "LAMBDA_TASK_ROOT": self.directory,
            "TZ": ":UTC",
            "_HANDLER": function.handler,
            **function.environment_vars,
        }

    def _read_output(self):
        for line in self.process.stdout:
            self.printed.put(line.rstrip("\n"))
        self.printed.put(None)

    def invoke(self, function, request_id, event):
        """Returns (the result's JSON text, whether it is an error, the lines printed)."""
        deadline = time.time() + function.timeout
        request = {"requestId": request_id, "arn": function.function_arn, "deadline": deadline * 1000, "event": event}
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            ready, _, _ = select.select([self.results], [], [], function.timeout)
            line = self.results.readline() if ready else ""
        except BrokenPipeError:
            ready, line = True, ""
        if line:
            outcome = json.loads(line)
        else:
            self.close()
            what = "Runtime exited" if ready else f"Task timed out after {function.timeout:.2f} seconds"
            kind = "Runtime.ExitError" if ready else "Sandbox.Timedout"
            outcome = {"error": {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {what}"}}
        lines = list(iter(self.printed.get, None if not line else f"END RequestId: {request_id}"))
        if "error" in outcome:
            lines.append(f"ERROR {outcome['error']['errorType']}: {outcome['error']['errorMessage']}")
        return json.dumps(outcome.get("error") or outcome["value"]), "error" in outcome, lines

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Pool:
    """The idle containers of each function; a changed function starts new ones."""

    def __init__(self):
        self.lock, self.idle, self.slots = threading.Lock(), {}, threading.Semaphore(RUNNING_AT_ONCE)
        atexit.register(self.close)

    def close(self):
        for arn in list(self.idle):
            self.drop(arn)

    def drop(self, arn):
        with self.lock:
            _, idle = self.idle.pop(arn, (None, []))
        for container in idle:
            container.close()

    def run(self, function, event, request_id=None):
        with self.slots:
            return self._run(function, event, request_id or str(uuid.uuid4()))

    def _run(self, function, event, request_id):
        version = json.dumps(function.get_configuration(), sort_keys=True, default=str)
        if self.idle.get(function.function_arn, (version,))[0] != version:
            self.drop(function.function_arn)
        with self.lock:
            _, idle = self.idle.setdefault(function.function_arn, (version, []))
            container = idle.pop() if idle else None
        container = container or Container(function)
        result = container.invoke(function, request_id, event)
        with self.lock:
            keep = container.process.poll() is None and self.idle.get(function.function_arn, (None, None))[1] is idle
            if keep:
                idle.append(container)
        if not keep:
            container.close()
        activity.count(result[1])
        save_log(function, container.log_stream, result[2])
        return result


pool = Pool()


def save_log(function, stream, lines):
    """Lambda writes the log in the role's name; where the role may not, the lines are lost, as on AWS."""
    group = f"arn:aws:logs:{function.region}:{function.account_id}:log-group:{function.logs_group_name}"
    caller = role_caller(function.role, function.function_name)
    resource = f"{group}:log-stream:{stream}"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        target = f"{group}:*" if action == "logs:CreateLogStream" else resource
        if not allowed(caller, action, target, function.account_id, {}):
            return
    logs = function.logs_backend
    # The group is not made here: the product's own has a retention; one made by Lambda would have none.
    if function.logs_group_name not in logs.groups:
        return
    logs.ensure_log_stream(function.logs_group_name, stream)
    now = int(time.time() * 1000)
    logs.put_log_events(function.logs_group_name, stream, [{"timestamp": now, "message": x} for x in lines])


def run_asynchronously(function, event):
    """What AWS does with an event that nobody waits for: retries, then the destination."""
    try:
        config = function.event_invoke_config[-1].config if function.event_invoke_config else {}
        retries = config.get("MaximumRetryAttempts", 2)
        request_id = str(uuid.uuid4())
        for attempt in range(retries + 1):
            payload, failed, _ = pool.run(function, event, request_id)
            if not failed:
                break
            if attempt < retries:
                time.sleep(settings.options.retry_wait)
        destination = config.get("DestinationConfig", {}).get("OnFailure" if failed else "OnSuccess", {})
        if destination.get("Destination"):
            send_to_destination(function, destination["Destination"], request_id, event, payload, failed, attempt + 1)
    finally:
        activity.end()


def invoke_asynchronously(function, event):
    activity.begin()
    threading.Thread(target=run_asynchronously, args=(function, event), daemon=True).start()


def send_to_destination(function, destination, request_id, event, payload, failed, attempts):
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    now = datetime.now(timezone.utc)
    record = {
        "version": "1.0",
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{function.function_arn}:$LATEST",
            "condition": "RetriesExhausted" if failed else "Success",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"}
        | ({"functionError": "Unhandled"} if failed else {}),
        "responsePayload": json.loads(payload),
    }
    service, bucket = destination.split(":")[2], destination.split(":")[-1]
    if service != "s3":
        print(f"no delivery to {destination}", file=sys.stderr)
        return
    key = f"aws/lambda/async/{function.function_name}/{now:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{request_id}"
    caller = role_caller(function.role, function.function_name)
    may_list = s3_allowed(caller, "s3:ListBucket", bucket, None, True)
    may_put = s3_allowed(caller, "s3:PutObject", bucket, key, True)
    owner = s3_backends.bucket_accounts.get(bucket)
    if may_list and may_put and owner:
        s3_backends[owner[1]][owner[0]].put_object(bucket, key, json.dumps(record).encode())


@patch(LambdaFunction)
def invoke(moto, function, body, request_headers, response_headers):
    event = json.loads(body or "{}")
    if request_headers.get("x-amz-invocation-type") == "Event":
        invoke_asynchronously(function, event)
        return b""
    payload, failed, _ = pool.run(function, event)
    if failed:
        response_headers["x-amz-function-error"] = "Unhandled"
    return payload.encode()


@patch(LambdaBackend)
def delete_function(moto, backend, function_name, qualifier=None):
    pool.drop(backend.get_function(function_name).function_arn)
    moto(backend, function_name, qualifier)
