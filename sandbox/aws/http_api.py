"""HTTP APIs (payload format 2.0) lead to their functions: /_api/<api id>/..."""

import base64
import json
import time
import uuid
from datetime import datetime, timezone
from urllib.parse import parse_qsl

import settings
from authorization import allowed
from functions import pool
from moto.apigatewayv2.models import Api, apigatewayv2_backends
from moto.awslambda.models import lambda_backends
from patching import patch
from subscriptions import plain
from werkzeug.wrappers import Request, Response

MAX_BODY_BYTES = 10 * 1024 * 1024
TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript")


@patch(Api)
def to_json(moto, self):
    """The address leads here."""
    return moto(self) | {"apiEndpoint": f"{settings.url['tls']}/_api/{self.api_id}"}


def find(api_id):
    for account_id, regions in list(apigatewayv2_backends.items()):
        for region, backend in list(regions.items()):
            if api_id in backend.apis:
                return account_id, region, backend.apis[api_id]
    return None, None, None


def route_of(api, method, path):
    """Only what the product uses: `$default` and `ANY /{proxy+}` style routes are matched by the API's own keys."""
    keys = {route.route_key: route for route in api.routes.values()}
    for key in (f"{method} {path}", f"ANY {path}", f"{method} /{{proxy+}}", "ANY /{proxy+}", "$default"):
        if key in keys:
            return keys[key]
    return None


def serve(environ, api_id, path):
    request = Request(environ)
    account_id, region, api = find(api_id)
    if not api:
        return Response('{"message":"Not Found"}', 404, content_type="application/json")
    route = route_of(api, request.method, path)
    if not route or not api.stages:
        return Response('{"message":"Not Found"}', 404, content_type="application/json")
    integration = api.integrations[route.target.split("/")[-1]]
    arn = integration.integration_uri.split("functions/")[-1].split("/invocations")[0]
    function = lambda_backends[account_id][region].get_function_by_arn(arn)
    source = f"arn:aws:execute-api:{region}:{account_id}:{api_id}/$default/{route.route_key.replace(' ', '')}"
    policy = {"Version": "2012-10-17", "Statement": [plain(s) for s in function.policy.statements]} if function else None
    context = {"aws:SourceArn": source, "aws:SourceAccount": account_id}
    gateway = {"service": "apigateway.amazonaws.com"}
    if not function or not allowed(gateway, "lambda:InvokeFunction", arn, account_id, context, policy):
        return Response('{"message":"Internal Server Error"}', 500, content_type="application/json")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        return Response('{"message":"Request Entity Too Large"}', 413, content_type="application/json")
    payload, failed, _ = pool.run(function, event_of(request, environ, api_id, path, route.route_key))
    return response_of(payload, failed)


def event_of(request, environ, api_id, path, route_key):
    body = request.get_data()
    now = datetime.now(timezone.utc)
    is_text = request.content_type is not None and request.content_type.startswith(TEXT_TYPES)
    return {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": request.query_string.decode(),
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "queryStringParameters": dict(parse_qsl(request.query_string.decode())),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": api_id,
            "domainName": request.host,
            "domainPrefix": api_id,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": environ["SERVER_PROTOCOL"],
                "sourceIp": request.remote_addr,
                "userAgent": request.headers.get("User-Agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": route_key,
            "stage": "$default",
            "time": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": int(time.time() * 1000),
        },
        **({"body": body.decode() if is_text else base64.b64encode(body).decode()} if body else {}),
        "isBase64Encoded": bool(body) and not is_text,
    }


def response_of(payload, failed):
    if failed:
        return Response('{"message":"Internal Server Error"}', 500, content_type="application/json")
    answer = json.loads(payload)
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return Response(payload, content_type="application/json")
    content = answer.get("body") or ""
    content = base64.b64decode(content) if answer.get("isBase64Encoded") else content
    return Response(content, answer["statusCode"], {"content-type": "application/json"} | answer.get("headers", {}))
