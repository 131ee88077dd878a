"""grpcio through the proxy to a server of grpcio: every kind of call, a refused one, and what clients see of it.

The server is in the same process, under CERTIFICATE and KEY; the proxy resolves ledger.test to it.
"""

import base64
import json
from concurrent import futures

import grpc
from report import case, failure, setting


def post(request, context):
    context.set_trailing_metadata((("ledger", "posted"),))
    return b"posted " + request


def watch(request, context):
    for number in range(3):
        yield b"%s %d" % (request, number)


def talk(requests, context):
    for request in requests:
        yield b"heard " + request


def fail(request, context):
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "the books are closed")


def server():
    with open(setting("KEY"), "rb") as key, open(setting("CERTIFICATE"), "rb") as certificate:
        credentials = grpc.ssl_server_credentials([(key.read(), certificate.read())])
    methods = {
        "Post": grpc.unary_unary_rpc_method_handler(post),
        "Watch": grpc.unary_stream_rpc_method_handler(watch),
        "Talk": grpc.stream_stream_rpc_method_handler(talk),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Erase": grpc.unary_unary_rpc_method_handler(post),
    }
    started = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    handler = grpc.method_handlers_generic_handler("acme.Ledger", methods)
    started.add_generic_rpc_handlers((handler,))
    port = started.add_secure_port("127.0.0.1:0", credentials)
    started.start()
    return started, port


def conversation(call):
    """Each message is sent only after the one before it was answered."""
    answered = futures.Future()

    def messages():
        yield b"one"
        answered.result(timeout=60)
        yield b"two"

    answers = call(messages())
    first = next(answers)
    answered.set_result(None)
    return [first.decode(), *(answer.decode() for answer in answers)]


def refused(name, call):
    try:
        call(b"7", timeout=60)
        case(name, exception=None)
    except grpc.RpcError as error:
        metadata = dict(error.initial_metadata() or ()) | dict(error.trailing_metadata() or ())
        document = metadata.get("aegis-refusal-bin")
        case(
            name,
            status=error.code().name,
            details=error.details(),
            decision=metadata.get("aegis-decision"),
            document=document and json.loads(document),
            **failure(error),
        )


started, port = server()
with grpc.secure_channel(f"ledger.test:{port}", grpc.ssl_channel_credentials()) as channel:
    answer, call = channel.unary_unary("/acme.Ledger/Post").with_call(b"7", timeout=60)
    case("unary", answer=answer.decode(), trailers=dict(call.trailing_metadata()))
    answers = channel.unary_stream("/acme.Ledger/Watch")(b"tick", timeout=60)
    case("server_stream", answers=[answer.decode() for answer in answers])
    case("conversation", answers=conversation(channel.stream_stream("/acme.Ledger/Talk")))
    refused("server_error", channel.unary_unary("/acme.Ledger/Fail"))
    refused("deny", channel.unary_unary("/acme.Ledger/Erase"))
    refused("constrained", channel.unary_unary("/acme.Ledger/Move"))
    refused("not_a_method", channel.unary_unary("/acme.Ledger/a/b"))
started.stop(None)
