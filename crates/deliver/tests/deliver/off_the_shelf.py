"""A receiver that others have written: Python's HTTPS server with the verifier of PyPI's standardwebhooks.

Arguments: certificate chain, its key, the authority of callers, the secret. Writes its port, then a line for each
request: "verified ID TYPE SUBJECT", or why it was refused.
"""

import http.server
import os
import ssl
import sys

from standardwebhooks import Webhook

chain, key, callers, secret = sys.argv[1:]
verifier = Webhook(secret)


def tell(*words):
    """One write for a line: threads answer side by side, and print writes the end of its line apart."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = verifier.verify(body, dict(self.headers))
            subject = dict(part[0] for part in self.connection.getpeercert()["subject"])["commonName"]
            tell("verified", self.headers["webhook-id"], event["type"], subject)
            self.send_response(204)
        except Exception as error:
            tell("refused", error)
            self.send_response(400)
        self.end_headers()

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(chain, key)
context.load_verify_locations(callers)
context.verify_mode = ssl.CERT_REQUIRED
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
server.socket = context.wrap_socket(server.socket, server_side=True)
tell(server.server_address[1])
server.serve_forever()
