"""From the Authorization header to a `Caller`."""

from starlette.requests import Request

from reelrouter.accounts.keys import Caller, KeyRing
from reelrouter.errors import Unauthorized


async def caller_of(request: Request, keys: KeyRing) -> Caller:
    """Raises `Unauthorized` if there is no key, or a wrong one."""
    caller = await optional_caller(request, keys)
    if caller is None:
        raise Unauthorized("Missing Authentication header. Send your key as: Authorization: Bearer <key>")
    return caller


async def optional_caller(request: Request, keys: KeyRing) -> Caller | None:
    """None without a header; a wrong key is refused all the same."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("The Authorization header must read: Bearer <key>")
    return await keys.authenticate(token.strip())
