"""A local AWS to try the project on: moto's servers, one with TLS and one without, what moto 5.2.5 gets wrong put right,
deployed Lambda zips that really run, and policies that are really evaluated. Ends when its standard input does."""

import json
import os
import signal
import ssl
import sys
import threading
from urllib.parse import parse_qsl

import settings

from moto.iam import models as iam_models
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.sts.models import sts_backends
from werkzeug.serving import make_server

# The account of credentials that are not moto's own. (MOTO_ACCOUNT_ID would put *every* request into it.)
iam_models.DEFAULT_ACCOUNT_ID = settings.management_account

import authorization  # noqa: E402
import checks  # noqa: E402
import faults  # noqa: E402, F401
import functions  # noqa: E402, F401
import http_api  # noqa: E402
import inspection  # noqa: E402
import subscriptions  # noqa: E402, F401

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


class Application(DomainDispatcherApplication):
    """moto, with HTTP APIs and the sandbox's own questions beside it, and policies before it."""

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        if path.startswith("/_api/"):
            _, _, api_id, *rest = path.split("/")
            return http_api.serve(environ, api_id, "/" + "/".join(rest))(environ, start_response)
        if path.startswith("/_sandbox/"):
            return inspection.serve(path.removeprefix("/_sandbox/"))(environ, start_response)
        refusal = checks.refusal(environ) or self.assume_role(environ)
        if refusal:
            return refusal(environ, start_response)
        return super().__call__(environ, start_response)

    def assume_role(self, environ):
        if "/sts/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
            return None
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesInput(body)
        form = dict(parse_qsl(body.decode()))
        return checks.assume_role_refusal(environ, form) if form.get("Action") == "AssumeRole" else None


class BytesInput:
    """A request's body that has been read already, to be read again."""

    def __init__(self, body):
        import io

        self.stream = io.BytesIO(body)

    def __getattr__(self, name):
        return getattr(self.stream, name)


def make_administrators():
    """In each account the role that a user would name in the configuration, and a session of it."""
    credentials = {}
    for account in settings.accounts:
        backend = iam_models.iam_backends[account["id"]]["aws"]
        trusted = {"AWS": f"arn:aws:iam::{settings.management_account}:root"}
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}]}
        role = backend.create_role(account["roleName"], json.dumps(trust), "/", None, "", [], None)
        backend.attach_role_policy(ADMINISTRATOR, role.name)
        session = sts_backends[account["id"]]["aws"].assume_role("us-east-1", "sandbox", role.arn, None, 43200, None)
        authorization.administrators.add(session.access_key_id)
        credentials[account["id"]] = {
            "accessKeyId": session.access_key_id,
            "secretAccessKey": session.secret_access_key,
            "sessionToken": session.session_token,
        }
    return credentials


class Handler(MotoRequestHandler):
    """Keeps connections: a TLS handshake for each of Terraform's calls would cost more than the calls."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, *args, **kwargs):
        pass


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings.options.certificate, settings.options.key)
    application = Application(create_backend_app)
    common = {"app": application, "threaded": True, "request_handler": Handler}
    tls = make_server("127.0.0.1", settings.options.port, ssl_context=context, **common)
    plain = make_server("127.0.0.1", 0, **common)
    settings.url["tls"] = f"https://127.0.0.1:{tls.server_port}"
    settings.url["plain"] = f"http://127.0.0.1:{plain.server_port}"
    for server in (tls, plain):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    # The group's Ctrl-C is for the sandbox, which then ends this in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("READY " + json.dumps({**settings.url, "credentials": make_administrators()}), flush=True)
    sys.stdin.read()
    functions.pool.close()
    os._exit(0)


if __name__ == "__main__":
    main()
