"""PyPI's aiosmtpd on loopback. Writes its port, then each letter as a line of JSON; refuses while the file named by its
first argument is there. With a certificate, its key and a password as further arguments it speaks TLS and takes letters
only from who signs in with the password."""

import asyncio
import json
import os
import ssl
import sys
from email import message_from_bytes

from aiosmtpd.smtp import SMTP, AuthResult


def tell(what):
    """One write for a line."""
    os.write(1, (json.dumps(what) + "\n").encode())


class Handler:
    async def handle_DATA(self, server, session, envelope):
        if os.path.exists(sys.argv[1]):
            return "451 later"
        letter = message_from_bytes(envelope.content)
        body = letter.get_payload(decode=True).decode()
        tell({"to": envelope.rcpt_tos, "subject": letter["Subject"], "id": letter["Message-ID"], "body": body})
        return "250 taken"


def signs_in(server, session, envelope, mechanism, data):
    return AuthResult(success=data.password == sys.argv[4].encode())


async def serve():
    loop = asyncio.get_running_loop()
    tls, wants = None, {}
    if len(sys.argv) > 2:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[2], sys.argv[3])
        # The whole connection is TLS, of which aiosmtpd knows nothing.
        wants = {"authenticator": signs_in, "auth_required": True, "auth_require_tls": False}
    server = await loop.create_server(lambda: SMTP(Handler(), loop=loop, **wants), "127.0.0.1", 0, ssl=tls)
    tell(server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(serve())
