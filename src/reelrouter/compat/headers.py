"""Rules for headers: what a browser must be told before it lets a page use the API."""

from reelrouter.compat.content import UNKNOWN_CONTENT, of_the_job
from reelrouter.compat.exchange import Ask, Exchange, shown
from reelrouter.compat.poll import UNKNOWN
from reelrouter.compat.rule import Cost, Fetch, Judge, Rule, Verdict, asking, failed, passed

PAGE = "https://page.example"
_ORIGIN = (("Origin", PAGE),)


def _preflight(path: str, method: str) -> Fetch:
    asked = "authorization,content-type" if method == "POST" else "authorization"
    headers = (
        *_ORIGIN,
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", asked),
    )
    return asking(Ask(path=path, method="OPTIONS", key="none", headers=headers))


def _readable_by_pages(answer: Exchange) -> Verdict:
    allowed = answer.headers.get("access-control-allow-origin")
    if allowed in ("*", PAGE):
        return passed()
    return failed(f"Access-Control-Allow-Origin is {allowed or 'not there'} on a {answer.status}")


def _allows(method: str, *headers: str) -> Judge:
    """A star does not stand for Authorization: browsers want that one by name."""

    def judge(answer: Exchange) -> Verdict:
        if not 200 <= answer.status < 300:
            return failed(f"expected 204; {shown(answer)}")
        if answer.headers.get("access-control-allow-origin") not in ("*", PAGE):
            return failed("Access-Control-Allow-Origin is not there")
        methods = _words(answer, "access-control-allow-methods")
        if method != "GET" and not methods & {"*", method.lower()}:
            return failed(f"Access-Control-Allow-Methods does not have {method}")
        allowed = _words(answer, "access-control-allow-headers")
        missing = [
            name for name in headers if name not in allowed and not ("*" in allowed and name != "authorization")
        ]
        return failed(f"Access-Control-Allow-Headers does not have {missing[0]}") if missing else passed()

    return judge


def _words(answer: Exchange, header: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in answer.headers.get(header, "").split(","))


def _for_pages(name: str, what: str, fetch: Fetch, cost: Cost = "free") -> Rule:
    return Rule(
        area="headers",
        name=name,
        title=f"A page of another origin may read {what}",
        protects="browser applications: the browser hides the answer from them",
        fetch=fetch,
        judge=_readable_by_pages,
        cost=cost,
    )


def _before(name: str, what: str, fetch: Fetch, judge: Judge) -> Rule:
    return Rule(
        area="headers",
        name=name,
        title=f"A page of another origin may send {what} with a key",
        protects="browser applications: the browser asks first, and does not send the request",
        fetch=fetch,
        judge=judge,
    )


RULES = (
    _for_pages("models", "the list of models", asking(Ask(path="videos/models", key="none", headers=_ORIGIN))),
    _for_pages("poll", "the answer to a poll", asking(Ask(path=UNKNOWN.path, headers=_ORIGIN))),
    _for_pages("refusal", "why it was refused", asking(Ask(path=UNKNOWN.path, key="none", headers=_ORIGIN))),
    _for_pages(
        "video",
        "the video",
        of_the_job(Ask(path="content?index=0", headers=_ORIGIN, whole=False, follow=True)),
        cost="spends",
    ),
    _before(
        "before-submit",
        "a submit",
        _preflight("videos", "POST"),
        _allows("POST", "authorization", "content-type"),
    ),
    _before("before-poll", "a poll", _preflight(UNKNOWN.path, "GET"), _allows("GET", "authorization")),
    _before(
        "before-download", "a download", _preflight(UNKNOWN_CONTENT.path, "GET"), _allows("GET", "authorization")
    ),
)
