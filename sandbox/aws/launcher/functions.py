"""Runs the deployed zips: each in node processes of its own that stay warm, with the credentials of its own role.

Differences to Lambda: the node of this machine runs them whatever runtime and architecture they name, memory is limited
for JavaScript's heap only, and at most CONCURRENCY run at a time.
"""

import base64
import io
import json
import os
import queue
import select
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
import zipfile
from datetime import datetime, timezone
from pathlib import Path

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LambdaFunction

from . import identities
from .authorization import ask, service_may_assume
from .counts import COUNTS
from .patching import patch
from .settings import SETTINGS

BOOTSTRAP = Path(__file__).with_name("bootstrap.mjs")
CONCURRENCY = 8
INHERITED = ("PATH", "LANG", "TMPDIR", "SYSTEMROOT")
# The address of this server, for the functions' own calls; known once it listens.
ENDPOINT = {"url": None}


class Container:
    """One node process, for one version of a function."""

    def __init__(self, function):
        self.directory = tempfile.mkdtemp(prefix=f"{function.function_name}-", dir=SETTINGS.folder)
        zipfile.ZipFile(io.BytesIO(function.code_bytes)).extractall(self.directory)
        today = datetime.now(timezone.utc)
        # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
        self.log_stream = f"{today:%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
        reader, writer = os.pipe()
        self.process = subprocess.Popen(
            [SETTINGS.node, f"--max-old-space-size={function.memory_size}", BOOTSTRAP],
            cwd=self.directory,
            env=self._environment(function) | {"SANDBOX_RESULT_FD": str(writer)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            pass_fds=[writer],
        )
        os.close(writer)
        self.results = os.fdopen(reader, encoding="utf-8")
        self.printed = queue.Queue()
        threading.Thread(target=self._read_output, daemon=True).start()

    def _environment(self, function):
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
        session = identities.assume_role(function.role, function.function_name, function.region)
        return {name: os.environ[name] for name in INHERITED if name in os.environ} | {
            "AWS_ACCESS_KEY_ID": session.access_key_id,
            "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
            "AWS_SESSION_TOKEN": session.session_token,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_ENDPOINT_URL": ENDPOINT["url"],
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            "AWS_REGION": function.region,
            "LAMBDA_TASK_ROOT": self.directory,
            # The certificate authority of the sandbox, where on AWS there are public ones.
            "NODE_EXTRA_CA_CERTS": SETTINGS.certificate["caFile"],
            "TZ": ":UTC",
            "_HANDLER": function.handler,
            **function.environment_vars,
        }

    def _read_output(self):
        for line in self.process.stdout:
            self.printed.put(line.rstrip("\n"))
        self.printed.put(None)

    def invoke(self, function, request_id, event):
        """Returns (the result as JSON text, whether it is an error, the lines printed)."""
        deadline = time.time() + function.timeout
        request = {"requestId": request_id, "arn": function.function_arn, "deadline": deadline * 1000, "event": event}
        ready = True
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            ready, _, _ = select.select([self.results], [], [], function.timeout)
            line = self.results.readline() if ready else ""
        except (BrokenPipeError, OSError):
            line = ""
        if line:
            outcome = json.loads(line)
        else:
            self.close()
            kind, what = (
                ("Runtime.ExitError", f"Runtime exited with error: exit status {self.process.returncode}")
                if ready
                else ("Sandbox.Timedout", f"Task timed out after {function.timeout:.2f} seconds")
            )
            outcome = {"error": {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {what}"}}
        lines = list(iter(self.printed.get, None if not line else f"END RequestId: {request_id}"))
        if not line:
            lines.append(outcome["error"]["errorMessage"])
        return json.dumps(outcome.get("error") or outcome["value"]), "error" in outcome, lines

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Pool:
    """The idle containers of each function; a changed function starts new ones."""

    def __init__(self):
        self.lock, self.idle, self.busy, self.slots = threading.Lock(), {}, set(), threading.Semaphore(CONCURRENCY)
        self.closed = False

    def run(self, function, event):
        """Runs a function once. Returns (the result as JSON text, whether it is an error, the lines printed)."""
        with self.slots:
            container = self._take(function)
            started = time.time()
            try:
                result = container.invoke(function, str(uuid.uuid4()), event)
            finally:
                self._give_back(function, container)
            COUNTS.ran(function.function_arn, result[0] if result[1] else None)
            _write_log(function, container.log_stream, started, result[2])
            return result

    def drop(self, arn):
        with self.lock:
            _, idle = self.idle.pop(arn, (None, []))
        for container in idle:
            container.close()

    def close(self):
        with self.lock:
            self.closed = True
            everyone = [*self.busy, *(container for _, idle in self.idle.values() for container in idle)]
            self.idle = {}
        for container in everyone:
            container.close()

    def _take(self, function):
        version = _version(function)
        if self.idle.get(function.function_arn, (version,))[0] != version:
            self.drop(function.function_arn)
        with self.lock:
            if self.closed:
                raise RuntimeError("the sandbox ends")
            _, idle = self.idle.setdefault(function.function_arn, (version, []))
            container = idle.pop() if idle else None
        container = container or Container(function)
        with self.lock:
            self.busy.add(container)
        return container

    def _give_back(self, function, container):
        with self.lock:
            self.busy.discard(container)
            current = self.idle.get(function.function_arn)
            keep = container.process.poll() is None and current and current[0] == _version(function) and not self.closed
            if keep:
                current[1].append(container)
        if not keep:
            container.close()


POOL = Pool()


def _version(function):
    """Changes with everything that a new container would take note of; the role's rights are looked up at each call."""
    return json.dumps([function.get_configuration(), function.code_sha_256], sort_keys=True, default=str)


def _write_log(function, stream, started, lines):
    """The lines go into the function's log in its role's name; what the role may not write is lost, as on AWS."""
    role = identities.role_of(function.role)
    group = f"arn:{identities.PARTITION}:logs:{function.region}:{function.account_id}:log-group:{function.logs_group_name}"
    identity = role_session(function, role)
    logs, now = function.logs_backend, int(started * 1000)
    wanted = ["logs:CreateLogStream", "logs:PutLogEvents"]
    if function.logs_group_name not in logs.groups:
        wanted.insert(0, "logs:CreateLogGroup")
    for action in wanted:
        resource = f"{group}:log-stream:{stream}"
        decision = ask(identity.arn, action, resource, function.account_id, {"aws:SecureTransport": "true"}, identity)
        if not decision.allowed:
            COUNTS.log_denied(function.function_arn, decision.reason)
            return
    logs.ensure_log_group(function.logs_group_name)
    logs.ensure_log_stream(function.logs_group_name, stream)
    logs.put_log_events(function.logs_group_name, stream, [{"timestamp": now, "message": line} for line in lines])


def role_session(function, role=None):
    """The function's role as Lambda works in its name, with the rights that it has now."""
    role = role or identities.role_of(function.role)
    return identities.Identity(
        function.account_id,
        identities.session_arn(function.role, function.function_name),
        function.role,
        f"{role.id if role else 'AROA'}:{function.function_name}",
        "",
        policies=tuple(identities.role_policies(role)) if role else (),
        role_arn=function.role,
    )


# ---------------------------------------------------------------- in moto's place


@patch(LambdaFunction)
def invoke(moto, function, body, request_headers, response_headers):
    event = json.loads(body or "{}")
    kind = request_headers.get("x-amz-invocation-type")
    if kind == "DryRun":
        return b""
    if kind == "Event":
        from .asynchronous import EVENTS

        EVENTS.accept(function, event)
        return b""
    payload, failed, lines = POOL.run(function, event)
    if failed:
        response_headers["x-amz-function-error"] = "Unhandled"
    response_headers["x-amz-log-result"] = base64.b64encode("\n".join(lines).encode()[-4096:]).decode()
    return payload.encode()


@patch(LambdaBackend)
def create_function(moto, backend, spec):
    """Lambda refuses a role that it may not assume."""
    decision = service_may_assume("lambda.amazonaws.com", spec["Role"])
    if not decision.allowed:
        raise InvalidParameterValueException("The role defined for the function cannot be assumed by Lambda.")
    return moto(backend, spec)


@patch(LambdaBackend)
def delete_function(moto, backend, function_name, qualifier=None):
    POOL.drop(backend.get_function(function_name).function_arn)
    moto(backend, function_name, qualifier)
