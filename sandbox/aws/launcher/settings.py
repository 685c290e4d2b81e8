"""What the starter says: one line of JSON on standard input, so that no secret shows in a list of processes."""

import json
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    accounts: list  # [{"accountId", "roles": [{"name", "externalId"?}]}], the management account first
    region: str
    search_endpoint: str  # host:port that every search domain gives as its endpoint
    certificate: dict  # {"caFile", "certFile", "keyFile"}
    authorizer_url: str
    control_token: str  # opens the sandbox's own interface, see control.py
    node: str  # the program that runs the functions
    folder: str  # where unpacked functions lie; removed at the end
    retry_seconds: float  # before each asynchronous retry; on AWS 60 and 120

    @property
    def management_account(self):
        return self.accounts[0]["accountId"]


SETTINGS = Settings(**json.loads(sys.stdin.readline()))
