"""The metadata server of a machine at Google, where its libraries ask for an access token: it hands out that of VERTEX_TOKEN."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from report import setting

ACCOUNT = "/computeMetadata/v1/instance/service-accounts/default/"


class Metadata(BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.split("?")[0]
        if path == ACCOUNT + "token":
            said = {"access_token": setting("VERTEX_TOKEN"), "expires_in": 3600, "token_type": "Bearer"}
        elif path == ACCOUNT:
            said = {"email": "bot@demo.iam.gserviceaccount.com", "scopes": [], "aliases": ["default"]}
        else:
            said = {} if path == "/" else None
        self.send_response(404 if said is None else 200)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(said or {}).encode())

    def log_message(self, *_):
        pass


def start():
    """Before anything of Google's is loaded: it looks into its variables then."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_port}"
    os.environ |= {"GCE_METADATA_HOST": address, "GCE_METADATA_IP": address}
    # It is on this machine, and no proxy's business.
    os.environ |= {name: os.environ.get(name, "") + ",127.0.0.1" for name in ("no_proxy", "NO_PROXY")}
