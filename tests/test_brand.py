"""The contract's two names."""

from reelrouter.brand import BRANDS


def test_each_brand_names_headers_variables_and_limits_its_own_way() -> None:
    """The same API under another name differs in these and in nothing else."""
    upstream, other = BRANDS["openrouter"], BRANDS["modelgates"]
    assert (upstream.header("Title"), other.header("Title")) == ("X-OpenRouter-Title", "X-ModelGates-Title")
    assert (upstream.environment("API_KEY"), other.environment("API_KEY")) == (
        "OPENROUTER_API_KEY",
        "MODELGATES_API_KEY",
    )
    assert (upstream.limit_source("credits"), other.limit_source("credits")) == (
        "openrouter_credits",
        "modelgates_credits",
    )
