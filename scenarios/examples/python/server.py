"""A service that burns CPU, with http.server alone: it answers /work and /healthz, and names
its instance in the header X-Instance-Id."""

import hashlib
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

host, port, instance = sys.argv[1:]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlparse(self.path)
        if url.path == "/healthz":
            return self.answer(200, {"status": "ok"})
        if url.path != "/work":
            return self.answer(404, {"status": "not found"})
        digest = parse_qs(url.query).get("word", [""])[0].encode()
        for _ in range(12_000):  # some 8 ms
            digest = hashlib.sha256(digest).digest()
        self.answer(200, {"status": "ok", "sum": digest.hex()})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Instance-Id", instance)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
