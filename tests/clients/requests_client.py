"""requests through the proxy: one request allowed, one refused."""

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


main()
