"""The query parameters of what was spent."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from reelrouter.accounts.usage import Dimension
from reelrouter.api.moments import EPOCH
from reelrouter.api.queries import Text


def _day(text: object) -> object:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise PydanticCustomError("not_a_day", "must be a day, written as 2026-11-21")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("not_a_day", "must be a day that there is") from None
    if day < EPOCH:
        raise PydanticCustomError("not_a_day", "must not be before 1970-01-01")
    return day


def _listed(text: object) -> object:
    return text.split(",") if isinstance(text, str) else text


Day = Annotated[date, BeforeValidator(_day)]


class _Query(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ActivityQuery(_Query):
    date: Day | None = Field(None, description="One of the last thirty days that are over, by UTC.")
    api_key_hash: Text | None = Field(None, description="Only jobs of this key, by its id.")
    user_id: Text | None = Field(None, description="Only jobs that were submitted with this `user`.")
    group_by: Literal["workspace"] | None = Field(None, description="Tells workspaces apart.")
    workspace_id: Text | None = Field(None, description="Only jobs of this workspace, by its id or slug.")


class UsageQuery(_Query):
    group_by: Annotated[list[Dimension], Field(min_length=1, max_length=7), BeforeValidator(_listed)] = Field(
        ["day"], description="What to tell apart, in the order of the columns."
    )
    from_: Day | None = Field(None, alias="from", description="The first day, by UTC; else thirty days of them.")
    to: Day | None = Field(None, description="The last day, by UTC, inclusive; else today.")
    format: Literal["json", "csv"] = Field("json", description="CSV has a line for each row of `data`.")
    workspace: Text | None = Field(None, description="With a management key: one workspace, by its id or slug.")
    mode: Literal["live", "test"] | None = Field(
        None, description="With a management key: live jobs, unless this says test."
    )
