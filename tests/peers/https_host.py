"""An HTTPS server whose every answer the test chooses; it remembers what it was asked.

    with HttpsHost("127.0.2.1", 443, certificate, key) as host:
        host.pages["mta-sts.a.example", "/.well-known/mta-sts.txt"] = (200, "text/plain", "version: STSv1\\n...")
        ... host.requests  # [("GET", "mta-sts.a.example", "/.well-known/mta-sts.txt", b"")] ...
"""
import http.server
import ssl
import threading


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.headers["Host"].split(":")[0]
        self.server.host.requests.append((self.command, name, self.path, body))
        status, media_type, text = self.server.host.pages.get((name, self.path), (404, "text/plain", "not here\n"))
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", text)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 128

    def finish_request(self, request, client_address):
        # Here, in the connection's own thread: a client that is slow or gives up must not stop the others.
        request.settimeout(30)
        try:
            with self.host.context.wrap_socket(request, server_side=True) as stream:
                super().finish_request(stream, client_address)
        except OSError:
            pass


class HttpsHost:
    def __init__(self, address, port, certificate, key):
        self.address, self.port, self.pages, self.requests, self.listener = address, port, {}, [], None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)

    def __enter__(self):
        self.listener = _Listener((self.address, self.port), _Handler)
        self.listener.host = self
        self.port = self.listener.server_address[1]
        threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        """From now on connections are refused."""
        if self.listener:
            self.listener.shutdown()
            self.listener.server_close()
            self.listener = None
