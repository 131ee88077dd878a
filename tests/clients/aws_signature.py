"""Signs requests as botocore does, so that a signature of another can be held against it.

It reads REQUESTS, a JSON list of what arrived: method, url, headers that were signed, body; and KEY, both id and secret.
"""

import json

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from report import case, setting

signer = SigV4Auth(Credentials(setting("KEY"), setting("KEY")), "bedrock", "eu-central-1")


def signature(arrived):
    request = AWSRequest(arrived["method"], arrived["url"], headers=arrived["headers"], data=arrived["body"])
    request.context["timestamp"] = arrived["headers"]["x-amz-date"]
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return signer.signature(text, request)


case("signatures", expected=[signature(request) for request in json.loads(setting("REQUESTS"))])
