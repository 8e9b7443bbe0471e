"""From the Authorization header to a `Caller`. Each request that comes with a key counts as one of that key's."""

from starlette.requests import Request

from reelrouter.accounts.keys import Caller, KeyRing
from reelrouter.errors import Unauthorized


async def caller_of(request: Request, keys: KeyRing) -> Caller:
    """Raises `Unauthorized` if there is no key, or a wrong one, and `TooManyRequests` for one request too many."""
    caller = await optional_caller(request, keys)
    if caller is None:
        raise Unauthorized("Missing Authentication header. Send your key as: Authorization: Bearer <key>")
    return caller


async def optional_caller(request: Request, keys: KeyRing) -> Caller | None:
    """None without a header; a wrong key, or one that asks too often, is refused all the same."""
    token = _token(request)
    return None if token is None else await keys.admit(token)


async def uncounted_caller(request: Request, keys: KeyRing) -> Caller | None:
    """As `optional_caller`, for what is no request of its own: an event of a stream, say."""
    token = _token(request)
    return None if token is None else await keys.authenticate(token)


def _token(request: Request) -> str | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("The Authorization header must read: Bearer <key>")
    return token.strip()
