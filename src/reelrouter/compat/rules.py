"""The table of rules, by area, in the order in which a report shows them."""

from typing import get_args

from reelrouter.compat import content, errors, extensions, headers, models, poll, submit
from reelrouter.compat.rule import Area, Rule

AREAS: tuple[Area, ...] = get_args(Area)
RULES: tuple[Rule, ...] = (
    *models.RULES,
    *submit.RULES,
    *poll.RULES,
    *content.RULES,
    *errors.RULES,
    *headers.RULES,
    *extensions.RULES,
)
