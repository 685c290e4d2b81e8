"""Starts the simulated AWS. The settings come as one line of JSON on standard input; when that closes, it ends.

Prints `READY <json>` with the addresses and every account's administrator's keys.
"""

import json
import os
import shutil
import signal
import sys
import threading

from .settings import SETTINGS

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
# It would put every request into one account.
os.environ.pop("MOTO_ACCOUNT_ID", None)

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402

# Each of these puts something in moto's place.
from . import corrections, trails  # noqa: E402, F401
from . import http_api  # noqa: E402
from .asynchronous import EVENTS  # noqa: E402
from .control import CONTROL, PREFIX as CONTROL_PREFIX  # noqa: E402
from .functions import ENDPOINT, POOL  # noqa: E402
from .identities import add_account  # noqa: E402
from .server import Server  # noqa: E402


class Application(DomainDispatcherApplication):
    """moto, with the HTTP APIs and the sandbox's own interface beside it."""

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        if path.startswith(http_api.PREFIX):
            return http_api.serve(environ)(environ, start_response)
        if path.startswith(CONTROL_PREFIX):
            return CONTROL.serve(environ)(environ, start_response)
        return super().__call__(environ, start_response)


def main():
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    application = Application(create_backend_app)
    secure, plain = Server(application, SETTINGS.certificate), Server(application)
    ENDPOINT["url"] = secure.url
    accounts = {account["accountId"]: add_account(account) for account in SETTINGS.accounts}
    CONTROL.remember()
    secure.start(), plain.start()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    print("READY", json.dumps({"url": secure.url, "httpUrl": plain.url, "accounts": accounts}), flush=True)
    ended.wait()
    EVENTS.close()
    POOL.close()
    shutil.rmtree(SETTINGS.folder, ignore_errors=True)
    # Threads that still serve somebody must not keep it.
    os._exit(0)


main()
