"""httpx through the proxy, over HTTP/1.1: one request allowed, one refused."""

import httpx
from report import case, decision, failure, setting


def main():
    with httpx.Client(timeout=30) as client:
        for name, url in (("allow", "ALLOWED_URL"), ("deny", "DENIED_URL")):
            try:
                response = client.get(setting(url))
                headers = decision(response.headers)
                case(name, status=response.status_code, body=response.text, decision=headers)
            except httpx.TransportError as error:
                case(name, **failure(error))


main()
