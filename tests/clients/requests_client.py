"""requests through the proxy: one request allowed, one refused, and a form with a file."""

import requests
from report import case, decision, failure, setting


def main():
    for name, url in (("allow", "ALLOWED_URL"), ("deny", "DENIED_URL")):
        try:
            response = requests.get(setting(url), timeout=30)
            headers = decision(response.headers)
            case(name, status=response.status_code, body=response.text, decision=headers)
        except requests.exceptions.RequestException as error:
            case(name, **failure(error))
    files = {"file": ("note.txt", b"to ann@corp.example\r\n", "text/plain")}
    response = requests.post(
        setting("UPLOAD_URL"), data={"to": "ann@corp.example"}, files=files, timeout=30
    )
    case("upload", status=response.status_code, decision=decision(response.headers))


main()
