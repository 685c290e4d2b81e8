"""Serves one WSGI application over TLS and over plain HTTP.

werkzeug's own server closes each connection after one answer, which costs a TLS handshake for every call of Terraform.
This one keeps connections, which is safe because it reads each request's body whole before the application sees it.
"""

import io
import ssl
import sys
import threading
import traceback
from http import HTTPStatus
from http.server import HTTPServer
from socketserver import ThreadingMixIn

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import DechunkedInput
from werkzeug.test import run_wsgi_app

IDLE_SECONDS = 120


class Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    # Header and body of an answer must not wait for each other's acknowledgement.
    disable_nagle_algorithm = True

    def setup(self):
        # Here and not on accepting, so that a client that is slow to shake hands keeps nobody else waiting.
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(IDLE_SECONDS)
            self.request.do_handshake()
        super().setup()

    def run_wsgi(self):
        body = self._read_body()
        environ = self.make_environ()
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ |= {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(body))}
        try:
            chunks, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        except Exception:
            # A fault of the simulation must show as one, and not as a client that waits for ever.
            traceback.print_exc()
            chunks, status, headers = [b"the simulated AWS failed: see its log"], "500 INTERNAL SERVER ERROR", []
        self._answer(status, headers, b"".join(chunks))

    def _read_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return io.BufferedReader(DechunkedInput(self.rfile)).read()
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status, headers, content):
        code = int(status.split()[0])
        head = [f"HTTP/1.1 {code} {HTTPStatus(code).phrase if code in HTTPStatus._value2member_map_ else ''}"]
        head += [f"{name}: {value}" for name, value in headers if name.lower() not in ("connection", "transfer-encoding")]
        names = {name.lower() for name, _ in headers}
        if "date" not in names:
            head.append(f"Date: {self.date_time_string()}")
        if "content-length" not in names and code not in (204, 304):
            head.append(f"Content-Length: {len(content)}")
        head.append(f"Connection: {'close' if self.close_connection else 'keep-alive'}")
        without_body = self.command == "HEAD" or code in (204, 304)
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + (b"" if without_body else content))

    def log_request(self, *_):
        pass


class Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True
    request_queue_size = 256
    # What werkzeug's handler asks its server for.
    multithread, multiprocess, passthrough_errors, _server_version = True, False, False, "sandbox"

    def __init__(self, application, certificate=None):
        self.app, self.ssl_context = application, None
        super().__init__(("127.0.0.1", 0), Handler)
        if certificate:
            self.ssl_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.ssl_context.load_cert_chain(certificate["certFile"], certificate["keyFile"])

    @property
    def url(self):
        return f"{'https' if self.ssl_context else 'http'}://127.0.0.1:{self.server_port}"

    def server_bind(self):
        # HTTPServer's own would look its name up, which can take seconds.
        super(HTTPServer, self).server_bind()
        self.server_name, self.server_port = self.server_address[:2]

    def get_request(self):
        connection, address = super().get_request()
        if self.ssl_context:
            connection = self.ssl_context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        # A client that goes away is no event.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def log(self, kind, message, *args):
        print(message % args if args else message, file=sys.stderr, flush=True)

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self
