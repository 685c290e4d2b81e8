"""What the launcher is told on its command line, for all its parts."""

import argparse
import json
import os

parser = argparse.ArgumentParser(description="A local AWS with several accounts; deployed Lambda zips really run.")
parser.add_argument("--port", type=int, default=0, help="TLS; 0 takes a free one")
parser.add_argument("--accounts", required=True, help='JSON: [{"id", "roleName"}], the management account first')
parser.add_argument("--endpoint", required=True, help="host:port that every search domain gives as its endpoint")
parser.add_argument("--authorizer", required=True, help="where to ask whether a call is allowed")
parser.add_argument("--certificate", required=True)
parser.add_argument("--key", required=True)
parser.add_argument("--retry-wait", type=float, default=1, help="seconds before an asynchronous retry (AWS: 60)")

options = parser.parse_args()
accounts = json.loads(options.accounts)
management_account = accounts[0]["id"]

# Where this AWS is; known once the servers have their ports.
url = {"tls": "", "plain": ""}

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
