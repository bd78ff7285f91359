"""The raw body of a request, as far as one may send one."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

PATIENCE = 10.0
"""Seconds that a body may take to arrive."""

UNSIGNED = HTTPException(401, "the signature is missing or wrong")


async def read(request: Request, most: int) -> bytes:
    """The body of *request*, of *most* bytes. `HTTPException` when it is larger, or does not arrive."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > most:
        raise too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise too_large(most)
    except TimeoutError:
        raise HTTPException(408, "the body did not arrive in time") from None
    except ClientDisconnect:
        raise HTTPException(400, "the body ended too early") from None
    return bytes(body)


def too_large(most: int) -> HTTPException:
    """The refusal of a body of more than *most* bytes."""
    return HTTPException(413, f"the body has more than {most} bytes")
