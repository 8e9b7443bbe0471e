"""What a failure of the storage means, as one of a closed set of causes. Pure; it passes on no text of a bucket.

The library tells most failures apart by their text alone, and its text quotes addresses, and answers that repeat
keys and signatures. So the text is searched, and only words that are known to be harmless are kept.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from reelrouter.errors import OutageCause, StorageFailed, cause_of_errno, cause_of_os_error

_DISK = "LocalFileSystem"
_SYSTEM_CODE = re.compile(r"\bOs \{\s*code: (\d+)")
_HARMLESS = (
    re.compile(r"status code: (\d{3}(?: [A-Z][A-Za-z]+)*)"),
    re.compile(r"<Code>([A-Za-z]{1,60})</Code>"),
    re.compile(r"HTTP error: ([a-z ]{1,60})"),
    re.compile(r"message: \"([A-Za-z ]{1,60})\""),
    re.compile(r"\b(dns error|InvalidContentType|UnknownIssuer|NotValidForName|BareRedirect)\b"),
)

_SIGNS: Sequence[tuple[re.Pattern[str], OutageCause]] = (
    (re.compile(r"\bBadScheme\b"), OutageCause.HTTP_NOT_ALLOWED),
    (
        re.compile(r"\b(NoSuchBucket|ContainerNotFound|BareRedirect|PermanentRedirect)\b|bucket does not exist"),
        OutageCause.NO_SUCH_BUCKET,
    ),
    (re.compile(r"\b(507 Insufficient|QuotaExceeded|\w*StorageFull|AccountProblem)\b"), OutageCause.FULL),
    # A bucket is asked without credentials only after a machine's own identity was looked for, and not found.
    (
        re.compile(
            r"169\.254\.169\.254|metadata\.google\.internal|/latest/(api/token|meta-data)|oauth2/(v2\.0/)?token"
            r"|\b(AuthorizationHeaderMalformed|ExpiredToken|InvalidToken|40[13] (Unauthorized|Forbidden))\b"
            r"|[Mm]issing credentials|\bMissing(AccessKeyId|SecretAccessKey)\b"
        ),
        OutageCause.CREDENTIALS_REFUSED,
    ),
    (re.compile(r"kind: (Timeout|TimedOut)\b|\b(408 Request|504 Gateway) Timeout\b"), OutageCause.TIMED_OUT),
    (re.compile(r"kind: (Connect|Interrupted)\b|error sending request"), OutageCause.UNREACHABLE),
)
"""In the order in which they are looked for: a timeout on the way to an identity is a matter of credentials."""


def failure_of(error: BaseError | OSError, key: str) -> StorageFailed:
    cause = cause_of(error)
    return StorageFailed(f"The storage cannot be used: {cause.told}.", cause, key=key, detail=_detail(error))


def cause_of(error: BaseError | OSError) -> OutageCause:
    if isinstance(error, OSError) and (error.errno is not None or isinstance(error, TimeoutError)):
        return cause_of_os_error(error)
    text = str(error)
    code = _SYSTEM_CODE.search(text)
    if code and _DISK in text:
        return cause_of_errno(int(code[1]))
    for sign, cause in _SIGNS:
        if sign.search(text):
            return cause
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return OutageCause.CREDENTIALS_REFUSED
    return cause_of_errno(int(code[1])) if code else OutageCause.OTHER


@contextmanager
def failures_named(key: str) -> Iterator[None]:
    """Turns what the storage and the system raise into `StorageFailed`."""
    try:
        yield
    except (BaseError, OSError) as error:
        # Without the library's error, whose text a log would show; the system's own have a number.
        raise failure_of(error, key) from (error if getattr(error, "errno", None) else None)


def _detail(error: BaseError | OSError) -> str:
    """Words of a closed kind: what the system calls it, the HTTP status, the code of the bucket's error."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    found = [sign.search(str(error)) for sign in _HARMLESS]
    return ", ".join(match[1] for match in found if match) or type(error).__name__
