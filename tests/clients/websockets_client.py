"""websockets through the proxy, with its own compression: what passes, what is redacted, what is refused."""

from importlib.metadata import version

from report import case, failure, setting
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

case("client", version=version("websockets"))
with connect(setting("WEBSOCKET_URL"), open_timeout=30) as socket:
    extensions = [extension.name for extension in socket.protocol.extensions]
    socket.send("the same words, the same words")
    case("allow", text=socket.recv(timeout=30), extensions=extensions)
    socket.send(iter(["to ann@exam", "ple.org, ", "the same words"]))
    case("sanitize", text=socket.recv(timeout=30))
    case("ping", answered=socket.ping().wait(30))
    socket.send("the same words again")
    case("again", text=socket.recv(timeout=30))
    socket.send(b"\x00\x01\x02")
    try:
        case("deny", text=socket.recv(timeout=30))
    except ConnectionClosed as error:
        case("deny", code=error.rcvd.code, reason=error.rcvd.reason, **failure(error))
