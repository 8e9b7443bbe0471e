"""The headers that routes read and answer with, as the OpenAPI document tells of them."""

from reelrouter.api import rendering, twins
from reelrouter.api.row import Header
from reelrouter.api.schemas import ProviderShape
from reelrouter.brand import Brand

TWINS = (
    Header(
        name=twins.PROVIDER,
        description="The body's `provider` as JSON, for clients that cannot send it; what the body says wins.",
        schema={"$ref": f"#/components/schemas/{ProviderShape.__name__}"},
        is_json=True,
    ),
    Header(
        name=twins.MODELS,
        description="The body's `models`, with commas between, for clients that cannot send it.",
        schema={"type": "string", "pattern": r"^[^,\s\[][^,]*(,[^,]*[^,\s][^,]*)*$"},
    ),
)
ONCE = (
    Header(
        name=twins.IDEMPOTENCY_KEY,
        description="Makes a repeated submit safe: for 24 hours the same key answers with the same job.",
        schema={"type": "string", "minLength": 1, "maxLength": 255},
    ),
    Header(
        name=twins.PREFER,
        description="`wait=20` lets the answer take up to 20 seconds (60 at most), to show the job's end.",
    ),
)
IDEMPOTENT_GRANT = Header(
    name=twins.IDEMPOTENCY_KEY,
    description="Makes a repeated grant safe: the same key grants once, for good.",
    schema={"type": "string", "minLength": 1, "maxLength": 255},
)
LAST_EVENT_ID = Header(
    name="Last-Event-ID",
    description="The `id` of the last event that was seen; an old one gets the job as it is now.",
)


def attribution(brand: Brand) -> tuple[Header, ...]:
    """What an application says of itself and of its work; kept with the job, and shown in its generation."""
    title = brand.header("Title")
    return (
        Header(name="HTTP-Referer", description="The address of your application."),
        Header(name=title, description="The name of your application."),
        Header(name="X-Title", description=f"The same; `{title}` wins."),
        Header(
            name=brand.header("Categories"), description="What kind of application it is, with commas between."
        ),
        Header(name="x-session-id", description="Groups jobs; the body's `session_id` wins."),
    )


LOCATION = Header(
    name="Location", description="Where the file is, for an hour. Send your key to nobody but this gateway."
)
MODE = Header(
    name=rendering.MODE,
    description="`test` where the key is a test key; absent otherwise.",
    schema={"type": "string", "enum": ["test"]},
)
WARNINGS = Header(
    name=rendering.WARNINGS,
    description="The body's `warnings` as JSON, for clients that drop them.",
    schema={"type": "array", "items": {"type": "string"}},
    is_json=True,
)
JOB = (
    MODE,
    WARNINGS,
    Header(name=rendering.PROVIDER, description="The body's `provider`, once somebody makes the video."),
    Header(
        name=rendering.PROGRESS,
        description="The body's `progress`, in per cent.",
        schema={"type": "integer", "minimum": 0, "maximum": 100},
    ),
)
PLACED = (
    *JOB,
    Header(
        name="Idempotent-Replayed",
        description="`true` where an earlier submit had placed the job.",
        schema={"type": "string", "enum": ["true"]},
    ),
    Header(name="Preference-Applied", description="The wait that was granted."),
)
FILE = (
    Header(name="ETag", description="Changes with the bytes."),
    Header(
        name="Accept-Ranges",
        description="Parts can be asked for with `Range`.",
        schema={"type": "string", "enum": ["bytes"]},
    ),
    Header(name="Content-Disposition", description="A name for the file."),
)
CACHED = (Header(name="Cache-Control", description="How long the answer may be kept, and by whom."),)
VARIED = (*CACHED, Header(name="Vary", description="`Authorization`: another key may get another answer."))
OWN = (MODE, *VARIED)

_WHERE_REQUESTS_ARE_COUNTED = "Where requests were too many:"
OF_ERRORS = {
    401: (Header(name="WWW-Authenticate", description="`Bearer`."),),
    402: (
        Header(
            name="Retry-After",
            description="Seconds after which it is worth trying again, where running jobs hold the money.",
            schema={"type": "integer", "minimum": 0},
        ),
    ),
    416: (Header(name="Content-Range", description="How long the file is."),),
    429: (
        Header(
            name="Retry-After",
            description="Seconds after which it is worth trying again.",
            schema={"type": "integer", "minimum": 0},
        ),
        Header(
            name="X-RateLimit-Limit",
            description=f"{_WHERE_REQUESTS_ARE_COUNTED} how many there may be in a minute.",
            schema={"type": "integer", "minimum": 1},
        ),
        Header(
            name="X-RateLimit-Remaining",
            description=f"{_WHERE_REQUESTS_ARE_COUNTED} how many may follow now, which is none.",
            schema={"type": "integer", "minimum": 0},
        ),
        Header(
            name="X-RateLimit-Reset",
            description=f"{_WHERE_REQUESTS_ARE_COUNTED} when the next may follow, in Unix milliseconds.",
            schema={"type": "integer", "minimum": 0},
        ),
    ),
}
RANGE = Header(name="Content-Range", description="Which part it is, and how long the file is.")
