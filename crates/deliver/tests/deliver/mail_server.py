"""PyPI's aiosmtpd on loopback. Writes its port, then each letter as a line of JSON; refuses while the file named by its
argument is there."""

import asyncio
import json
import os
import sys
from email import message_from_bytes

from aiosmtpd.smtp import SMTP


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


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), loop=loop), "127.0.0.1", 0)
    tell(server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(serve())
