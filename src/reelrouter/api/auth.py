"""From the Authorization header to a `Caller`."""

from starlette.requests import Request

from reelrouter.accounts.keys import Caller, KeyRing, Manager
from reelrouter.errors import Unauthorized


async def caller_of(request: Request, keys: KeyRing) -> Caller:
    """Raises `Unauthorized` if there is no key, or a wrong one."""
    token = _needed(request)
    return await keys.authenticate(token)


async def optional_caller(request: Request, keys: KeyRing) -> Caller | None:
    """None without a header; a wrong key is refused all the same."""
    token = _token(request)
    return None if token is None else await keys.authenticate(token)


async def manager_of(request: Request, keys: KeyRing) -> Manager:
    """Raises `Unauthorized` as `caller_of` does, `Forbidden` for an ordinary key."""
    token = _needed(request)
    return await keys.authenticate_manager(token)


async def anyone_of(request: Request, keys: KeyRing) -> Caller | Manager:
    """Whose key it is, ordinary or not. Raises `Unauthorized` as `caller_of` does."""
    token = _needed(request)
    return await keys.identify(token)


def _needed(request: Request) -> str:
    token = _token(request)
    if token is None:
        raise Unauthorized("Missing Authentication header. Send your key as: Authorization: Bearer <key>")
    return token


def _token(request: Request) -> str | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("The Authorization header must read: Bearer <key>")
    return token.strip()
