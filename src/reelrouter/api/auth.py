"""From the Authorization header to a `Caller` or a `Manager`. A caller's request counts as one of its key's."""

from starlette.requests import Request

from reelrouter.accounts.keys import Caller, KeyRing, Manager
from reelrouter.errors import Unauthorized


async def caller_of(request: Request, keys: KeyRing) -> Caller:
    """Raises `Unauthorized` if there is no key, or a wrong one, and `Forbidden` for a manager's.

    Raises `TooManyRequests` for one request too many.
    """
    token = _needed(request)
    return await keys.admit(token)


async def optional_caller(request: Request, keys: KeyRing) -> Caller | None:
    """None without a header; a wrong key, or one that asks too often, is refused all the same."""
    token = _token(request)
    return None if token is None else await keys.admit(token)


async def uncounted_caller(request: Request, keys: KeyRing) -> Caller | None:
    """As `optional_caller`, for what is no request of its own: an event of a stream, say."""
    token = _token(request)
    return None if token is None else await keys.authenticate(token)


async def manager_of(request: Request, keys: KeyRing) -> Manager:
    """Raises `Unauthorized` if there is no key, or a wrong one, and `Forbidden` for an ordinary one."""
    token = _needed(request)
    return await keys.authenticate_manager(token)


async def anyone_of(request: Request, keys: KeyRing) -> Caller | Manager:
    """Whose key it is, ordinary or not. Raises `Unauthorized` as `caller_of` does, and `TooManyRequests`."""
    token = _needed(request)
    return await keys.admit_anyone(token)


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
