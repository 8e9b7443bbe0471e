"""Models, endpoints and providers as they leave: described to the last key, and readable by the official SDK."""

import asyncio

import pytest
from openrouter import components, operations

from reelrouter.api import model_responses, model_views, views
from reelrouter.catalogue.model import ModelSpec
from reelrouter.gateway.search import Search
from tests.catalogue.examples import FLUX_EDIT, VEO, catalogue, model
from tests.gateway.test_shelf import shelf

ALL = Search(output_modalities=("all",))


def test_every_list_is_as_the_document_describes_it() -> None:
    """No key more and none less, whatever the row has."""
    listed = model_views.models_view(shelf("renderer").search(ALL), next_page="/api/v1/models?offset=3")
    model_responses.ModelList.model_validate(listed)
    offered = asyncio.run(shelf().models(None))
    rows = [views.model_view(offer.model, offer.available) for offer in offered]
    model_responses.VideoModelList.model_validate({"data": rows})
    providers = [model_views.provider_view(one) for one in shelf("renderer").providers()]
    model_responses.ProviderList.model_validate({"data": providers})


@pytest.mark.parametrize("one", tuple(catalogue()), ids=lambda one: one.id)
def test_every_model_can_be_read_by_the_sdk(one: ModelSpec) -> None:
    """In the two forms that the contract has of it, with and without endpoints."""
    row, ends = model_views.model_view(one), model_views.endpoints_view(one, shelf("openrouter").endpoints(one))
    components.Model.model_validate(row)
    components.ListEndpointsResponse.model_validate(ends)
    components.VideoModel.model_validate(views.model_view(one, ["test"]))
    model_responses.SingleModel.model_validate({"data": row})
    model_responses.EndpointList.model_validate({"data": ends})


def test_the_providers_can_be_read_by_the_sdk() -> None:
    """Addresses that nobody has told us are null."""
    rows = [model_views.provider_view(one) for one in shelf("renderer").providers()]
    operations.ListProvidersResponse.model_validate({"data": rows})
    assert {row["slug"]: row["configured"] for row in rows}["renderer"] is True
    assert all(row["configured"] == (row["missing"] is None) for row in rows)


def test_what_a_row_says_of_its_inputs_and_its_price() -> None:
    """Tokens cost nothing, since there are none; the modalities are the row's own."""
    row = model_views.model_view(model(FLUX_EDIT))
    assert row["architecture"]["modality"] == "text+video->video"
    assert set(row["pricing"].values()) == {"0"}
    assert row["links"] == {"details": f"/api/v1/models/{row['canonical_slug']}/endpoints"}


def test_an_endpoint_says_how_to_address_it() -> None:
    """By its tag in routing, by its slugs in options; one that cannot be used says why."""
    vertex, upstream = model_views.endpoints_view(model(VEO), shelf("openrouter").endpoints(model(VEO)))[
        "endpoints"
    ]
    assert (vertex["tag"], vertex["status"], vertex["configured"]) == ("google-vertex", -1, False)
    assert "not configured" in vertex["missing"]
    assert (upstream["tag"], upstream["status"], upstream["missing"]) == ("openrouter", 0, None)
    assert upstream["option_slugs"] == ["openrouter", "google-vertex"]
    assert upstream["modes"] == ["frames", "references", "text"]
