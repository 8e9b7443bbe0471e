"""The brand of the contract that a gateway speaks: the same API goes by two names.

It decides how headers, environment variables and a few words in answers are called, and nothing else.
"""

from dataclasses import dataclass
from typing import Literal

BrandName = Literal["openrouter", "modelgates"]


@dataclass(frozen=True, slots=True)
class Brand:
    slug: BrandName
    title: str
    """As in header names and in prose."""

    def header(self, name: str) -> str:
        """`Title` as `X-OpenRouter-Title`."""
        return f"X-{self.title}-{name}"

    def environment(self, name: str) -> str:
        """`API_KEY` as `OPENROUTER_API_KEY`."""
        return f"{self.slug.upper()}_{name}"

    def limit_source(self, name: str) -> str:
        """`credits` as `openrouter_credits`: which limit a 402 was about."""
        return f"{self.slug}_{name}"


BRANDS: dict[BrandName, Brand] = {
    "openrouter": Brand("openrouter", "OpenRouter"),
    "modelgates": Brand("modelgates", "ModelGates"),
}
