"""The sandbox's own interface, under /_sandbox/: for the starter, closed to everybody else by a token."""

import hmac
import json
from urllib.parse import parse_qs

from moto.opensearch.models import opensearch_backends
from werkzeug.wrappers import Response

from . import identities
from .asynchronous import EVENTS
from .authorization import denials
from .calls import CALLS
from .counts import COUNTS
from .inventory import resources
from .settings import SETTINGS

PREFIX = "/_sandbox/"
LONGEST_WAIT_SECONDS = 20


class Control:
    def __init__(self):
        self.at_start = set()

    def remember(self):
        """From here on resources are leftovers."""
        self.at_start = resources()

    def serve(self, environ):
        shown = environ.get("HTTP_X_SANDBOX_TOKEN", "")
        if not hmac.compare_digest(shown.encode(), SETTINGS.control_token.encode()):
            return Response("Forbidden", 403)
        _, _, what, *rest = environ["PATH_INFO"].split("/")
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        body = environ["wsgi.input"].read()
        answer = getattr(self, f"_{what}")(*rest, **query, **({"body": json.loads(body)} if body else {}))
        return Response(json.dumps(answer, default=str), 200 if answer is not None else 404, content_type="application/json")

    def _callers(self, access_key_id):
        identity = identities.identity_of(access_key_id)
        return identity and {
            "accountId": identity.account_id,
            "arn": identity.arn,
            "roleArn": identity.role_arn,
            "secretAccessKey": identity.secret_access_key,
            "sessionToken": identity.session_token,
            "policies": identity.policies,
        }

    def _accounts(self, body):
        """Adds an account; the answer is its administrator's keys."""
        keys = identities.add_account(body)
        self.at_start |= {name for name in resources() if name.startswith(body["accountId"])}
        return keys

    def _domains(self, name):
        """The search domain of that name, in whatever account it is."""
        for regions in list(opensearch_backends.values()):
            for backend in list(regions.values()):
                if name in backend.domains:
                    domain = backend.domains[name]
                    policy = json.loads(domain.access_policies) if domain.access_policies else None
                    return {"arn": domain.arn, "engineVersion": domain.engine_version.options, "accessPolicy": policy}
        return None

    def _counts(self):
        return COUNTS.snapshot()

    def _calls(self):
        return CALLS.snapshot()

    def _denials(self):
        return denials.reasons

    def _idle(self, seconds="0"):
        return EVENTS.wait_until_idle(min(float(seconds), LONGEST_WAIT_SECONDS))

    def _leftovers(self):
        return sorted(resources() - self.at_start)


CONTROL = Control()
