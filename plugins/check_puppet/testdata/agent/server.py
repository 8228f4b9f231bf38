"""As much of a Puppet server as an agent needs for one run: a catalog with one file (DIR/motd), or
an error as puppetserver reports it while the file DIR/broken exists.

usage: server.py DIR PORT    (DIR as made by certificates.sh)
"""
import http.server
import json
import os
import ssl
import sys

directory, port = sys.argv[1], int(sys.argv[2])
CATALOG = {
    "name": "node1", "version": 1795312000, "environment": "production", "tags": [], "classes": [],
    "catalog_uuid": "827a74c8-cf98-44da-9ff7-18c5e4bee41e", "edges": [],
    "resources": [{
        "type": "File", "title": os.path.join(directory, "motd"), "tags": ["file"], "exported": False,
        "parameters": {"ensure": "file", "content": "hello\n"},
    }],
}
ERROR = {"message": "Server Error: Evaluation Error: no class webserver", "issue_kind": "RUNTIME_ERROR"}


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        broken = os.path.exists(os.path.join(directory, "broken"))
        if "/catalog/" in self.path:
            code, body = (500, ERROR) if broken else (200, CATALOG)
        elif "/node/" in self.path:
            code, body = 200, {"name": "node1", "parameters": {}, "environment": "production"}
        elif "/file_metadatas/" in self.path or "/report/" in self.path:
            code, body = 200, []
        else:
            code, body = 404, {"message": "not found", "issue_kind": "RESOURCE_NOT_FOUND"}
        body = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Puppet-Version", "7.9.5")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_HEAD = answer

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(directory, "localhost.pem"), os.path.join(directory, "localhost.key"))
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
# the handshake is made in the thread of the connection, so that nobody who only connects blocks it
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
