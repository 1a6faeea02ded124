"""A service that computes, with Python's standard library alone: /work takes CPU, /healthz none."""

import hashlib
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # which keeps connections
    disable_nagle_algorithm = True  # or a body would wait for the acknowledgement of its headers

    def do_GET(self):
        if self.path == "/work":
            self.answer(200, hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 40_000).hex())
        elif self.path == "/healthz":
            self.answer(200, "ok")
        else:
            self.answer(404, "not found")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Instance-Id", os.environ.get("INSTANCE_ID", "unknown"))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass  # a line a request would be most of the log


if __name__ == "__main__":
    host, port = sys.argv[1].rsplit(":", 1)
    ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
