"""What Terraform called, for those who hold the policies of deploying roles against it."""

import json
import re
import threading

LONGEST_BODY = 4_096
CODE = re.compile(r'"ZipFile":"[^"]*"')
# What forms call the resource that they are about.
NAMES = ("AlarmName", "AlarmNames.member.1", "ResourceARN", "RoleArn", "RoleName")


class Calls:
    """Each call once, see RecordedCall in types.ts."""

    def __init__(self):
        self.lock, self.seen = threading.Lock(), {}

    def record(self, response, account_id, action):
        if "Terraform" not in response.headers.get("User-Agent", ""):
            return
        text = _text(response)
        call = {
            "accountId": account_id,
            "action": action,
            "method": response.method,
            "path": response.path,
            "body": text[:LONGEST_BODY],
        }
        with self.lock:
            self.seen[tuple(call.values())] = call

    def snapshot(self):
        with self.lock:
            return list(self.seen.values())


def _text(response):
    """The body; of services that take forms, whose body moto has read already, their fields as JSON."""
    body = response.body or ""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
    fields = {name: values[0] for name, values in (response.querystring or {}).items() if name in NAMES}
    return CODE.sub('"ZipFile":""', text) or json.dumps(fields, default=str)


CALLS = Calls()
