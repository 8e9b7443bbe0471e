"""The rules for the list of models, on lists made by hand."""

import pytest

from reelrouter.compat.models import REQUIRED, RULES
from reelrouter.compat.rule import Outcome, Rule
from tests.compat.exchanges import (
    Case,
    Exchanges,
    answer,
    assert_verdict,
    error,
    fail,
    models,
    one,
    row,
    skip,
    trials,
    warn,
)

_UNREADABLE = skip(answer(b"<html>"), answer([]), answer({"data": [1]}), answer({"data": {}}))
_OPEN = Case(good=one(models()), bad=fail(error(401, "no"), answer(b"<html>"), answer({"data": []}, 500)))

CASES = {
    "open": _OPEN,
    "any-key": _OPEN,
    "data": Case(
        good=one(models()),
        bad=(
            *fail(answer([row()]), answer({"data": {}}), answer({"models": [row()]}), answer({"data": [1]})),
            *warn(answer({"data": []})),
        ),
    ),
    "keys": Case(
        good=one(models(), models(description=..., hugging_face_id=..., pricing_skus=..., extra_key=1)),
        bad=(*fail(*(models(**{key: ...}) for key in REQUIRED)), *_UNREADABLE),
    ),
    "texts": Case(
        good=one(models(), models(description=None), models(hugging_face_id="x-ai/grok")),
        bad=fail(
            models(id=7),
            models(id=""),
            models(name=None),
            models(canonical_slug=[]),
            models(description=["a"]),
            models(hugging_face_id=False),
        ),
    ),
    "unique": Case(good=one(models()), bad=(*fail(models(id="google/veo-3.1")), *skip(answer(b"<html>")))),
    "created": Case(
        good=one(models()), bad=fail(models(created="1778544000"), models(created=1.5), models(created=True))
    ),
    "durations": Case(
        good=one(models(), models(supported_durations=None), models(supported_durations=[8, 4, 6])),
        bad=fail(
            models(supported_durations=["5"]),
            models(supported_durations=[5.0]),
            models(supported_durations=5),
            models(supported_durations={"min": 1, "max": 15}),
            models(supported_durations=[True]),
        ),
    ),
    "shapes": Case(
        good=one(models(), models(supported_sizes=["1280x720"]), models(supported_resolutions=None)),
        bad=fail(
            models(supported_resolutions=[720]),
            models(supported_sizes="1280x720"),
            models(supported_aspect_ratios=[["16", "9"]]),
        ),
    ),
    "frames": Case(
        good=one(models(), models(supported_frame_images=None), models(supported_frame_images=["last_frame"])),
        bad=fail(models(supported_frame_images=["first"]), models(supported_frame_images=True)),
    ),
    "flags": Case(
        good=one(models(), models(generate_audio=True, seed=False)),
        bad=fail(models(generate_audio="yes"), models(seed=1)),
    ),
    "upscaling": Case(
        good=one(models(), models(upscale_factor={"min": 1.5, "max": 3}, creativity=[0, 1])),
        bad=fail(
            models(upscale_factor=[1.5, 3]),
            models(upscale_factor={"min": 1}),
            models(upscale_factor={"min": "1", "max": 2}),
            models(creativity=1),
            models(creativity=[0.5]),
        ),
    ),
    "prices": Case(
        good=one(models(), models(pricing_skus=None), models(pricing_skus=...), models(pricing_skus={})),
        bad=fail(
            models(pricing_skus={"duration_seconds": 0.1}),
            models(pricing_skus={"duration_seconds": "ten"}),
            models(pricing_skus=[]),
            models(pricing_skus={"duration_seconds": "-1"}),
            models(pricing_skus={"duration_seconds": "NaN"}),
        ),
    ),
    "passthrough": Case(
        good=one(models(), models(allowed_passthrough_parameters=["negative_prompt"])),
        bad=fail(
            models(allowed_passthrough_parameters=None),
            models(allowed_passthrough_parameters=...),
            models(allowed_passthrough_parameters=[1]),
        ),
    ),
}
TRIALS = {name: trial for name, *trial in trials(RULES, CASES)}


@pytest.mark.parametrize(("rule", "exchanges", "outcome"), TRIALS.values(), ids=TRIALS)
def test_a_rule_tells_good_lists_from_bad(rule: Rule, exchanges: Exchanges, outcome: Outcome) -> None:
    """Each exchange gets the verdict that stands beside it."""
    assert_verdict(rule.judge(*exchanges), outcome)


def test_a_verdict_names_the_first_rows_and_counts_the_others() -> None:
    """A list that is wrong in every row does not fill the screen."""
    rule = next(rule for rule in RULES if rule.name == "created")
    broken = answer({"data": [row(id=f"some/model-{number}", created=None) for number in range(30)]})
    seen = rule.judge(broken).seen
    assert "some/model-0" in seen
    assert "27 more" in seen
    assert "some/model-9" not in seen
