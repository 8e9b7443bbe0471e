"""Which model to take for a request: first what it must be able to do, then what you weigh.

Scores compare the models that can serve the request with each other, from 0 for the worst to 1 for the best,
on a logarithmic scale: half the price, or half the time, is always the same step. Where there is nothing to
compare, or nothing known, a score is 0.5.

* cost: the real price of this request by each row's price list; 0 where the list does not cover it.
* speed: measured seconds where you hand some in, and 0.5 for the models without. Without any, the size of what
  would be made (pixels times seconds), the smaller the quicker: it tells models apart only where the request
  leaves size or length to them.
* quality: no server measures it. What stands in for it is one third the largest resolution that a row lists and
  two thirds the dearest second on its price list: vendors charge more for what they think better.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reelrouter.catalogue.sizes import SHORT_SIDES
from reelrouter.client.errors import Unusable
from reelrouter.client.fits import reasons, remarks
from reelrouter.client.prices import NoPrice, Price, price_of
from reelrouter.client.results import Choice, Model, Ranked, Ruled
from reelrouter.client.wishes import Wish, read_wish

NEUTRAL = 0.5
"""The score of what is not known."""

_STAND_IN = (
    "a stand-in, since nobody measures it: one third the largest resolution listed, "
    "two thirds the dearest second on the price list"
)
_CENT = 0.01
"""Less than that counts as much: on a logarithmic scale nothing at all would be infinitely far from everything."""
_PLACES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    speed: float
    cost: float
    quality: float


PROFILES: Mapping[str, Weights] = {
    "fast-and-cheap": Weights(speed=0.55, cost=0.35, quality=0.10),
    "balanced": Weights(speed=0.33, cost=0.33, quality=0.34),
    "quality-and-cost": Weights(speed=0.15, cost=0.30, quality=0.55),
}


def choose(
    request: Mapping[str, Any],
    models: Sequence[Model],
    *,
    profile: str = "balanced",
    latency: Mapping[str, float] | None = None,
) -> Choice:
    """Ranks the models that can serve a request, whatever its `model` says; ties go by price, then by id.

    `latency` is measured seconds by model id. Raises `Unusable` over any of the three.
    """
    weights = PROFILES.get(profile)
    if weights is None:
        raise Unusable(f"there is no profile {profile!r}", f"choose one of {', '.join(PROFILES)}")
    wish = read_wish(request)
    if wish.previous_job_id is not None:
        raise Unusable(
            "a job that goes on from another is made by the same model", "name that model instead of choosing one"
        )
    candidates = [_considered(wish, model) for model in models]
    fitting = [candidate for candidate in candidates if not candidate.against]
    measured = _measured(fitting, latency or {})
    return Choice(
        profile=profile,
        ranked=_ranked(wish, fitting, weights, measured),
        ruled_out=tuple(Ruled(model=one.model, reasons=one.against) for one in candidates if one.against),
        notes=_notes(weights, measured, fitting),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    model: Model
    against: tuple[str, ...]
    price: Price | None = None
    unpriced: str | None = None


def _considered(wish: Wish, model: Model) -> _Candidate:
    against = reasons(wish, model)
    price, unpriced = None, None
    try:
        price = price_of(wish, model)
    except NoPrice as error:
        unpriced = str(error)
    ceiling = () if wish.max_price is None else _over(wish.max_price, price, unpriced, known=not against)
    return _Candidate(model=model, against=(*against, *ceiling), price=price, unpriced=unpriced)


def _over(ceiling: Decimal, price: Price | None, unpriced: str | None, *, known: bool) -> tuple[str, ...]:
    """A ceiling is kept only by a price that is known; for what a model cannot make, no price means anything."""
    if price is None:
        return (f"no more than ${ceiling:f} may be spent, and {unpriced}",) if known else ()
    if price.cost > ceiling:
        return (f"it costs ${price.cost.normalize():f}, and no more than ${ceiling:f} may be spent",)
    if not price.is_firm:
        return (f"no more than ${ceiling:f} may be spent, and its price follows an input of unknown length",)
    return ()


def _measured(fitting: Sequence[_Candidate], latency: Mapping[str, float]) -> dict[str, float]:
    for name, seconds in latency.items():
        if not 0 < seconds < math.inf:
            raise Unusable(f"the latency of {name} is {seconds}", "give seconds above 0, or leave the model out")
    names = {one.model.id for one in fitting}
    return {name: seconds for name, seconds in latency.items() if name in names}


def _ranked(
    wish: Wish, fitting: Sequence[_Candidate], weights: Weights, measured: Mapping[str, float]
) -> tuple[Ranked, ...]:
    speeds, costs, qualities = _speeds(fitting, measured), _costs(fitting), _qualities(fitting)
    ranked = [
        Ranked(
            model=one.model,
            score=round(weights.speed * speed + weights.cost * cost + weights.quality * quality, _PLACES),
            speed=round(speed, _PLACES),
            cost=round(cost, _PLACES),
            quality=round(quality, _PLACES),
            price=one.price.cost if one.price else None,
            remarks=(*remarks(wish, one.model), *_price_remarks(one)),
        )
        for one, speed, cost, quality in zip(fitting, speeds, costs, qualities, strict=True)
    ]
    return tuple(sorted(ranked, key=lambda one: (-one.score, one.price is None, one.price or 0, one.model.id)))


def _price_remarks(one: _Candidate) -> tuple[str, ...]:
    return one.price.assumptions if one.price else (f"it ranks last by cost, since {one.unpriced}",)


def _costs(fitting: Sequence[_Candidate]) -> list[float]:
    prices = [max(float(one.price.cost), _CENT) if one.price else None for one in fitting]
    return [0.0 if price is None else score for price, score in zip(prices, _less_is_more(prices), strict=True)]


def _speeds(fitting: Sequence[_Candidate], measured: Mapping[str, float]) -> list[float]:
    if measured:
        return _less_is_more([measured.get(one.model.id) for one in fitting])
    return _less_is_more([_size(one.price) if one.price else None for one in fitting])


def _size(price: Price) -> float:
    """Pixels times seconds."""
    return max(float(price.picture.width * price.picture.height * price.seconds), 1.0)


def _qualities(fitting: Sequence[_Candidate]) -> list[float]:
    sides = _more_is_more([_largest_side(one.model) for one in fitting])
    rates = _more_is_more([_dearest_second(one.model) for one in fitting])
    return [(side + 2 * rate) / 3 for side, rate in zip(sides, rates, strict=True)]


def _largest_side(model: Model) -> float | None:
    known = [SHORT_SIDES[name] for name in model.supported_resolutions or () if name in SHORT_SIDES]
    return max(map(float, known), default=None)


def _dearest_second(model: Model) -> float | None:
    """Dollars for a second of a video from a prompt, at its dearest resolution, with sound where it can."""
    rates = []
    for resolution in model.supported_resolutions or (None,):
        try:
            price = price_of(Wish(resolution=resolution), model)
        except NoPrice:
            continue
        rates.append(max(float(price.cost / price.seconds), _CENT))
    return max(rates, default=None)


def _more_is_more(values: Sequence[float | None]) -> list[float]:
    """Each value's place between the least and the greatest; `NEUTRAL` where it is unknown or all are equal."""
    known = [math.log(value) for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    if high - low < 1e-9:
        return [NEUTRAL] * len(values)
    return [NEUTRAL if value is None else (math.log(value) - low) / (high - low) for value in values]


def _less_is_more(values: Sequence[float | None]) -> list[float]:
    return [1 - place for place in _more_is_more(values)]


def _notes(weights: Weights, measured: Mapping[str, float], fitting: Sequence[_Candidate]) -> tuple[str, ...]:
    if measured:
        speed = f"measured for {len(measured)} of {len(fitting)} models, {NEUTRAL} for the others"
    else:
        speed = "nothing measured; by pixels times seconds, so that equal sizes score alike"
    return (
        f"speed ({weights.speed:.2f}): {speed}",
        f"cost ({weights.cost:.2f}): the price of this request by each model's price list",
        f"quality ({weights.quality:.2f}): {_STAND_IN}",
    )
