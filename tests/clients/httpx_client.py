"""httpx through the proxy, over HTTP/1.1: one request allowed, one refused, and a form with a file."""

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
        files = {"file": ("note.txt", b"to ann@corp.example\r\n", "text/plain")}
        response = client.post(setting("UPLOAD_URL"), data={"to": "ann@corp.example"}, files=files)
        case("upload", status=response.status_code, decision=decision(response.headers))


main()
