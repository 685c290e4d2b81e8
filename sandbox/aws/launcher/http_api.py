"""HTTP APIs that lead to their functions (API Gateway, payload format 2.0), under /_api/<api id>/...

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import json
import re
import threading
import time
import uuid
from collections import defaultdict
from datetime import datetime, timezone
from urllib.parse import parse_qsl, unquote

from moto.apigatewayv2.models import Api, apigatewayv2_backends
from moto.awslambda.models import lambda_backends
from moto.logs.models import logs_backends
from werkzeug.wrappers import Request, Response

from .authorization import ask_for_service
from .functions import ENDPOINT, POOL
from .identities import PARTITION
from .patching import patch
from .subscriptions import resource_policy

PREFIX = "/_api/"
# All other content types come as base64, a missing one too; AWS documents no list, this is what it was seen to do
# (pull request 766 of ministackorg/ministack).
TEXT = re.compile(r"^(text/.*|application/(json|xml|javascript))$")
MAXIMUM_BODY = 10 * 1024 * 1024


@patch(Api)
def to_json(moto, self):
    return moto(self) | {"apiEndpoint": f"{ENDPOINT['url']}{PREFIX}{self.api_id}"}


def serve(environ):
    """The answer to a request below /_api/."""
    started, request = time.time(), Request(environ)
    raw_path = environ["RAW_URI"].split("?")[0]
    _, _, api_id, *rest = raw_path.split("/")
    found = _find(api_id)
    stage = found and found[2].stages.get("$default")
    if not stage:
        # There is no such API, or nothing is deployed on it.
        return _message(404, "Not Found") if found else _message(403, "Forbidden")
    account_id, region, api = found
    call = Call(request, "/" + "/".join(rest), account_id, region, api)
    response = call.answer() if _within_limits(api, stage) else _message(429, "Too Many Requests")
    _write_access_log(stage, call, response, started)
    return response


class Call:
    """One request to an API, on its way to a function."""

    def __init__(self, request, raw_path, account_id, region, api):
        self.request, self.account_id, self.region, self.api = request, account_id, region, api
        # Unlike function URLs and REST APIs, HTTP APIs decode it, and cut it at a question mark that comes to light
        # (pull request 93 of middleapi/standard-server).
        self.path = unquote(raw_path).split("?")[0]
        self.id, self.error, self.time = str(uuid.uuid4()), "-", datetime.now(timezone.utc)
        self.route = self._route()

    def _route(self):
        routes = {route.route_key: route for route in self.api.routes.values()}
        for key in (f"{self.request.method} {self.path}", f"ANY {self.path}", "$default"):
            if key in routes:
                return routes[key]
        return None

    def answer(self):
        if self.request.content_length and self.request.content_length > MAXIMUM_BODY:
            return _message(413, "Request Entity Too Large")
        if not self.route or not self.route.target:
            return _message(404, "Not Found")
        function = self._function()
        if not function:
            return _message(500, "Internal Server Error")
        payload, failed, _ = POOL.run(function, self._event())
        if failed:
            self.error = payload
            return _message(500, "Internal Server Error")
        try:
            return _response(json.loads(payload))
        except (AttributeError, TypeError, ValueError) as error:
            self.error = f"the function's answer is none: {error}"
            return _message(500, "Internal Server Error")

    def _function(self):
        """The function that the route leads to, if API Gateway may invoke it."""
        integration = self.api.integrations.get(self.route.target.split("/")[-1])
        match = re.search(r"functions/(arn:[^/]+)/invocations", integration.integration_uri if integration else "")
        arn = match and match[1]
        function = arn and lambda_backends[arn.split(":")[4]][arn.split(":")[3]].get_function_by_arn(arn)
        if not function:
            self.error = "there is no such function"
            return None
        route = self.route.route_key.replace(" /", "/") if " " in self.route.route_key else self.route.route_key
        decision = ask_for_service(
            "apigateway.amazonaws.com",
            "lambda:InvokeFunction",
            function.function_arn,
            function.account_id,
            self.account_id,
            f"arn:{PARTITION}:execute-api:{self.region}:{self.account_id}:{self.api.api_id}/$default/{route}",
            resource_policy(function),
        )
        if not decision.allowed:
            self.error = f"The IAM role configured on the integration or API Gateway doesn't have permissions: {decision.reason}"
            return None
        return function

    def _event(self):
        request, body = self.request, self.request.get_data()
        content_type = (request.headers.get("Content-Type") or "").split(";")[0].strip().lower()
        text = bool(TEXT.match(content_type))
        query = defaultdict(list)
        for name, value in parse_qsl(request.query_string.decode(), keep_blank_values=True):
            query[name].append(value)
        headers = {name.lower(): value for name, value in request.headers.items() if name.lower() != "cookie"}
        headers |= {"x-forwarded-for": request.remote_addr, "x-forwarded-proto": "https", "x-forwarded-port": "443"}
        return {
            "version": "2.0",
            "routeKey": self.route.route_key,
            "rawPath": self.path,
            "rawQueryString": request.query_string.decode(),
            **({"cookies": request.headers["Cookie"].split("; ")} if "Cookie" in request.headers else {}),
            "headers": headers,
            **({"queryStringParameters": {name: ",".join(values) for name, values in query.items()}} if query else {}),
            "requestContext": {
                "accountId": self.account_id,
                "apiId": self.api.api_id,
                "domainName": request.host,
                "domainPrefix": self.api.api_id,
                "http": {
                    "method": request.method,
                    "path": self.path,
                    "protocol": request.environ["SERVER_PROTOCOL"],
                    "sourceIp": request.remote_addr,
                    "userAgent": request.headers.get("User-Agent", ""),
                },
                "requestId": self.id,
                "routeKey": self.route.route_key,
                "stage": "$default",
                "time": f"{self.time:%d/%b/%Y:%H:%M:%S +0000}",
                "timeEpoch": int(self.time.timestamp() * 1000),
            },
            **({"body": body.decode("utf-8", "replace") if text else base64.b64encode(body).decode()} if body else {}),
            "isBase64Encoded": bool(body) and not text,
        }


def _response(answer):
    if not isinstance(answer, dict) or "statusCode" not in answer:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return Response(text, content_type="application/json")
    content = answer.get("body") or ""
    content = base64.b64decode(content) if answer.get("isBase64Encoded") else content
    headers = {name: str(value) for name, value in (answer.get("headers") or {}).items()}
    if "content-type" not in {name.lower() for name in headers}:
        headers["content-type"] = "text/plain;charset=UTF-8"
    response = Response(content, int(answer["statusCode"]), headers)
    for cookie in answer.get("cookies") or []:
        response.headers.add("set-cookie", cookie)
    return response


def _message(status, message):
    return Response(json.dumps({"message": message}), status, content_type="application/json")


def _find(api_id):
    """(account, region, API), or None."""
    for account_id, regions in list(apigatewayv2_backends.items()):
        for region, backend in list(regions.items()):
            if api_id in backend.apis:
                return account_id, region, backend.apis[api_id]
    return None


# ---------------------------------------------------------------- throttling

_lock, _buckets = threading.Lock(), {}


def _within_limits(api, stage):
    """The token bucket of the stage: `throttlingRateLimit` calls a second, `throttlingBurstLimit` at once."""
    settings = stage.default_route_settings or {}
    rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
    if not rate or not burst:
        return True
    with _lock:
        now = time.monotonic()
        tokens, then = _buckets.get(api.api_id, (burst, now))
        tokens = min(burst, tokens + (now - then) * rate)
        _buckets[api.api_id] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1


# ---------------------------------------------------------------- access log


def _write_access_log(stage, call, response, started):
    settings = stage.access_log_settings
    if not settings:
        return
    values = {
        "requestId": call.id,
        "extendedRequestId": call.id,
        "requestTime": f"{call.time:%d/%b/%Y:%H:%M:%S +0000}",
        "requestTimeEpoch": str(int(call.time.timestamp() * 1000)),
        "identity.sourceIp": call.request.remote_addr,
        "identity.userAgent": call.request.headers.get("User-Agent", "-"),
        "httpMethod": call.request.method,
        "routeKey": call.route.route_key if call.route else "-",
        "path": call.path,
        "protocol": call.request.environ["SERVER_PROTOCOL"],
        "status": str(response.status_code),
        "responseLength": str(len(response.get_data())),
        "responseLatency": str(int((time.time() - started) * 1000)),
        "integrationErrorMessage": call.error,
        "integration.error": call.error,
        "error.message": call.error,
        "apiId": call.api.api_id,
        "stage": "$default",
        "accountId": call.account_id,
    }
    fill = lambda match: json.dumps(values.get(match[1], "-"))[1:-1]  # noqa: E731
    line = re.sub(r"\$context\.([A-Za-z]+(?:\.[A-Za-z]+)*)", fill, settings["format"])
    _, _, _, region, account, _, group, *_ = f"{settings['destinationArn']}:".split(":")
    logs = logs_backends[account][region]
    if group in logs.groups:
        stream = f"sandbox-{call.api.api_id}"
        logs.ensure_log_stream(group, stream)
        logs.put_log_events(group, stream, [{"timestamp": int(time.time() * 1000), "message": line}])
