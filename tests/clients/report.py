"""What every Python driver prints: one JSON line per case, so that the Rust side need not parse prose.

The drivers hold no credentials and no addresses. They read:
  HTTPS_PROXY, HTTP_PROXY   the proxy, with the agent's credentials in the URL
  SSL_CERT_FILE and others  the trust bundle, as `aegis env` prints it
  ALLOWED_URL, DENIED_URL   plain resources that policy allows and refuses
"""

import json
import os

DECISION_HEADERS = ("aegis-decision", "aegis-decision-id", "aegis-policy-version", "aegis-region")


def setting(name):
    """A value that the caller must have set; its absence is the caller's mistake."""
    try:
        return os.environ[name]
    except KeyError:
        raise SystemExit(f"{name} is not set") from None


def case(name, **what):
    """Prints what happened in one case."""
    print(json.dumps({"case": name, **what}), flush=True)


def decision(headers):
    """The headers that the proxy puts on its answers."""
    return {name: headers[name] for name in DECISION_HEADERS if name in headers}


def failure(error):
    """How a library reported a failure: the type, and the types it stands on."""
    bases = [base.__name__ for base in type(error).__mro__ if base not in (object, BaseException)]
    return {"exception": type(error).__name__, "bases": bases, "message": str(error)}
