"""A completions server that says what a test tells it to say, with the traits and the faults of the real kinds."""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tokenizers import Tokenizer

OWNERS = {"vllm": "vllm", "sglang": "sglang", "llama.cpp": "llamacpp", "playground": "story-playground"}
TOKENIZE = {
    "vllm": ("prompt", "prompt"),
    "sglang": ("prompt", "text"),
    "llama.cpp": ("content", "content"),
    "playground": ("prompt", "prompt"),
}
# What a playground's own server knows; it refuses anything else.
KNOWN = {
    *("model", "prompt", "stream", "n", "max_tokens", "seed", "temperature", "top_p", "top_k", "min_p", "repetition_penalty"),
    *("presence_penalty", "frequency_penalty", "logit_bias", "stop_token_ids", "min_tokens"),
    *("add_special_tokens", "return_token_ids", "return_tokens_as_token_ids", "echo", "logprobs"),
}
CONTEXT = 512


@dataclass
class Faults:
    """What goes wrong: each is off at first."""

    delay: float = 0.0  # seconds before each token
    queue: float = 0.0  # seconds before the first token, once the request is taken
    has_late_headers: bool = False  # they come with the first token
    is_hung: bool = False  # the health says so, too
    dies_after: int | None = None  # tokens of a stream, after which the connection breaks
    errs_after: int | None = None  # tokens of a stream, after which a chunk says that the server failed
    refusals: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)  # status, headers, body; one a request
    whole: tuple[str, str] | None = None  # type and content of an answer that is no stream
    halves: bool = False  # every byte comes by itself
    chatter: bool = False  # lines end with CR LF; a mark of the byte order, comments, other fields, empty choices, the usage
    is_packed: bool = False  # by gzip
    has_done: bool = True  # the stream ends with [DONE]
    finish: str | None = None  # another reason than "length" or "stop"


class ScriptedServer:
    """`say` gives the words behind a prompt, with `<end>` where the model ends. Requests and closed streams are noted."""

    def __init__(self, tokenizer: Tokenizer, say: Callable[[str], str], dialect: str = "vllm", port: int = 0) -> None:
        self.tokenizer, self.say, self.dialect = tokenizer, say, dialect
        self.faults, self.requests, self.headers, self.closed = Faults(), [], [], 0
        self.streaming = threading.Event()
        self.is_dead = False
        self.at_once = self.most_at_once = 0  # streams
        self.turn = threading.Lock() if dialect == "transformers" else nullcontext()  # it tells one after the other
        self.seed = 0  # of all that it tells, as transformers serve keeps it
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                answer(owner, self, None)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer(owner, self, body)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                pass  # a client that went away is what the tests are about

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def kill(self) -> None:
        """As if the machine were gone: every stream breaks, and no connection is taken."""
        self.is_dead = True
        self._server.shutdown()
        self._server.server_close()

    def count(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids


def answer(server: ScriptedServer, to: BaseHTTPRequestHandler, body: dict[str, Any] | None) -> None:
    """One request of any kind."""
    if to.path == "/v1/completions":
        answer_completion(server, to, body or {})
        return
    given, found = TOKENIZE.get(server.dialect, ("", ""))
    entry = {"id": "story", "owned_by": OWNERS.get(server.dialect, "somebody")}
    if server.dialect in ("vllm", "sglang", "playground", "other"):
        entry["max_model_len"] = CONTEXT
    answers: dict[str, Any] = {"/v1/models": {"object": "list", "data": [entry]}}
    if server.dialect == "llama.cpp":
        answers["/props"] = {"default_generation_settings": {"n_ctx": CONTEXT}}
    if server.dialect == "transformers":
        answers["/openapi.json"] = {"paths": {"/load_model": {}, "/v1/responses": {}}}
    if given and body is not None:
        answers["/tokenize"] = {"tokens": server.count(body.get(given, ""))}
        answers["/detokenize"] = {found: server.tokenizer.decode(body.get("tokens", []), skip_special_tokens=False)}
    if to.path == "/health":
        send(to, 503 if server.faults.is_hung else 200, {})
    elif (known := answers.get(to.path)) is None:
        send(to, 404, {"error": {"message": "no such path"}})
    else:
        send(to, 200, known)


def answer_completion(server: ScriptedServer, to: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    server.requests.append(body)
    server.headers.append(dict(to.headers))
    server.seed = body.get("seed", 0)
    if server.faults.refusals:
        status, headers, content = server.faults.refusals.pop(0)
        send(to, status, content, headers)
    elif server.faults.whole:
        kind, content = server.faults.whole
        send(to, 200, content, {"Content-Type": kind})
    elif server.dialect == "playground" and (unknown := body.keys() - KNOWN):
        send(to, 400, {"error": {"message": f"Unknown fields: {unknown}"}})
    elif body.get("echo"):
        send(to, 200, score(server, body))
    else:
        prompt = body["prompt"]
        text = prompt if isinstance(prompt, str) else server.tokenizer.decode(prompt)
        server.at_once += 1
        server.most_at_once = max(server.most_at_once, server.at_once)
        try:
            stream(server, to, body, server.say(text))
        except OSError:
            server.closed += 1
            to.close_connection = True
        finally:
            server.at_once -= 1


def stream(server: ScriptedServer, to: BaseHTTPRequestHandler, body: dict[str, Any], words: str) -> None:
    faults, has_end = server.faults, "<end>" in words
    ids = server.count(words.split("<end>")[0])
    pieces = split(server, ids)[: body["max_tokens"]]
    if faults.has_late_headers:
        time.sleep(faults.queue)
    out = Writer(to, faults)
    if not faults.has_late_headers:
        time.sleep(faults.queue)
    with server.turn:
        for number, (token, text) in enumerate(pieces):
            time.sleep(faults.delay)
            if server.is_dead or number == faults.dies_after:
                to.close_connection = True
                to.connection.close()
                return
            if number == faults.errs_after:
                out.write({"error": {"message": "the engine is dead", "code": 500}})
                out.end()
                return
            choice: dict[str, Any] = {"index": 0, "text": text, "finish_reason": None}
            if body.get("return_token_ids"):
                choice["token_ids"] = [token]
            out.write({"object": "text_completion", "choices": [choice]})
            server.streaming.set()
    reason = faults.finish or ("stop" if has_end and len(pieces) == len(ids) else "length")
    out.write({"choices": [{"index": 0, "text": "", "finish_reason": reason}]})
    if faults.chatter:
        out.write({"choices": [], "usage": {"total_tokens": len(pieces)}})
    if faults.has_done:
        out.write("[DONE]")
    out.end()


def split(server: ScriptedServer, ids: list[int]) -> list[tuple[int, str]]:
    """Each token with the whole characters that it completes, as servers hold back the others."""
    shown, pieces = "", []
    for number, token in enumerate(ids):
        text = server.tokenizer.decode(ids[: number + 1]).rstrip("\ufffd")
        pieces.append((token, text[len(shown) :]))
        shown = text
    return pieces


class Writer:
    """Writes the events of one stream."""

    def __init__(self, to: BaseHTTPRequestHandler, faults: Faults) -> None:
        self._to, self._faults = to, faults
        self._pack = zlib.compressobj(wbits=31) if faults.is_packed else None
        to.send_response(200)
        to.send_header("Content-Type", "text/event-stream; charset=utf-8")
        to.send_header("Transfer-Encoding", "chunked")
        if self._pack:
            to.send_header("Content-Encoding", "gzip")
        to.end_headers()
        to.wfile.flush()
        if faults.chatter:
            self._send(b"\xef\xbb\xbf: hello\r\n\r\nretry: 5\r\n\r\n")

    def write(self, event: Any) -> None:
        text = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
        data = f"data: {text}\n\n"
        if self._faults.chatter:
            data = f": still here\r\nevent: message\r\ndata:{text}\r\nid: 7\r\n\r\n"
        self._send(data.encode())

    def end(self) -> None:
        if self._pack:
            self._put(self._pack.flush())
        self._to.wfile.write(b"0\r\n\r\n")

    def _send(self, data: bytes) -> None:
        if self._pack:
            data = self._pack.compress(data) + self._pack.flush(zlib.Z_SYNC_FLUSH)
        parts = [data[place : place + 1] for place in range(len(data))] if self._faults.halves else [data]
        for part in parts:
            self._put(part)

    def _put(self, data: bytes) -> None:
        self._to.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self._to.wfile.flush()


def score(server: ScriptedServer, body: dict[str, Any]) -> dict[str, Any]:
    """Every token as likely as its place says, so that a test knows the numbers."""
    ids = body["prompt"]
    own = [None, *(-0.5 * (1 + number % 3) for number in range(len(ids) - 1))]
    likeliest = [None, *({f"token_id:{token}": -0.1, "token_id:5": -2.0} for token in ids[1:])]
    return {"choices": [{"text": "", "logprobs": {"token_logprobs": own, "top_logprobs": likeliest}}]}


def send(to: BaseHTTPRequestHandler, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
    data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
    with suppress(OSError):
        to.send_response(status)
        for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(data))} | (headers or {})).items():
            to.send_header(name, value)
        to.end_headers()
        to.wfile.write(data)
