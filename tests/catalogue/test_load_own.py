"""An operator's own models, and endpoints of their own for models that are there."""

import re
from pathlib import Path

import pytest

from reelrouter.catalogue.load import CatalogueError, load_catalogue
from reelrouter.catalogue.model import Catalogue
from reelrouter.settings import Settings
from tests.catalogue.test_load import ROW, write

PROVIDERS = ("acme", "vllm-omni")
OWN_MODEL = (
    ROW.replace("acme/film-1", "house/reel").replace('["film"]', '["reel"]').replace("film-one", "reel-one")
)
OWN_ENDPOINT = """
[[endpoint]]
model = "acme/film-1"
provider = "vllm-omni"
native = { text = "Wan-AI/Wan2.2-T2V-A14B" }
lacks = ["seed"]
zdr = true
"""


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    (tmp_path / "packaged").mkdir()
    return write(tmp_path / "packaged", ROW)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    (tmp_path / "house").mkdir()
    return tmp_path / "house"


def load(packaged: Path, *own: Path) -> Catalogue:
    return load_catalogue(packaged, own=own, providers=PROVIDERS)


def test_an_operator_adds_a_model(packaged: Path, house: Path) -> None:
    """In the form that the packaged rows have, found by each of its names."""
    catalogue = load(packaged, write(house, OWN_MODEL))
    assert [model.id for model in catalogue] == ["acme/film-1", "house/reel"]
    found = catalogue.find("reel")
    assert found is not None
    assert found.endpoints[0].native["text"] == "reel-one"


def test_an_operator_adds_an_endpoint_to_a_model_of_ours(packaged: Path, house: Path) -> None:
    """It is tried first: whoever has a machine for a model has it to be used."""
    (model,) = load(packaged, write(house, OWN_ENDPOINT))
    assert [endpoint.name for endpoint in model.endpoints] == ["vllm-omni", "acme"]
    added = model.endpoints[0]
    assert (added.native, added.lacks, added.zdr) == ({"text": "Wan-AI/Wan2.2-T2V-A14B"}, ("seed",), True)


def test_one_native_id_of_an_added_endpoint_serves_every_mode(packaged: Path, house: Path) -> None:
    """As in a model's own row."""
    text = OWN_ENDPOINT.replace('{ text = "Wan-AI/Wan2.2-T2V-A14B" }', '"wan"')
    (model,) = load(packaged, write(house, text))
    assert model.endpoints[0].native == {"text": "wan", "frames": "wan"}


def test_endpoints_are_added_in_the_order_of_their_files(packaged: Path, house: Path) -> None:
    """Within a file and from one to the next; a model may go by any of its names, and be the operator's own."""
    second = OWN_ENDPOINT.replace('provider = "v', 'name = "second"\nprovider = "v').replace("acme/film-1", "film")
    of_own = OWN_ENDPOINT.replace("acme/film-1", "house/reel")
    write(house, OWN_ENDPOINT + of_own, "a.toml")
    write(house, second + OWN_MODEL, "b.toml")
    ours, own = load(packaged, house)
    assert [endpoint.name for endpoint in ours.endpoints] == ["vllm-omni", "second", "acme"]
    assert [endpoint.name for endpoint in own.endpoints] == ["vllm-omni", "acme"]


def test_files_and_folders_may_be_mixed(packaged: Path, house: Path, tmp_path: Path) -> None:
    """A file is read whatever its name; of a folder, what ends as TOML does."""
    write(house, OWN_MODEL)
    write(house, "not TOML", "notes.txt")
    write(tmp_path, OWN_ENDPOINT, "gpus.conf")
    ours, own = load(packaged, house, tmp_path / "gpus.conf")
    assert (len(ours.endpoints), len(own.endpoints)) == (2, 1)


def test_an_alias_may_lead_to_a_model_of_an_operators(packaged: Path, house: Path) -> None:
    """Names are given when all models are known."""
    own = (write(house, OWN_MODEL),)
    catalogue = load_catalogue(packaged, {"fast": "house/reel"}, own, PROVIDERS)
    found = catalogue.find("fast")
    assert found is not None
    assert found.id == "house/reel"


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("", "(file)", "neither a [[model]] nor an [[endpoint]]"),
        ("[[endpoint]", "(syntax)", "line 1"),
        ('[[endpoint]]\nprovider = "acme"\nnative = "x"', "endpoint[0].model", "required"),
        (OWN_ENDPOINT.replace("zdr = true", 'zdr = "yes"'), "endpoint[0].zdr", "boolean"),
        (OWN_ENDPOINT.replace("zdr = true", "speed = 9"), "endpoint[0].speed", "not permitted"),
        (OWN_ENDPOINT.replace('"seed"', '"colour"'), "endpoint[0].lacks[0]", "Input"),
        (OWN_ENDPOINT.replace("acme/film-1", "acme/film-9"), "endpoint[0].model", "acme/film-9 is no model"),
        (OWN_ENDPOINT.replace("vllm-omni", "vllm"), "endpoint[0].provider", "there are acme, vllm-omni"),
        (OWN_ENDPOINT.replace("{ text", "{ edit"), "endpoint[0].native.edit", "modes"),
        (OWN_ENDPOINT.replace("vllm-omni", "acme"), "endpoint[0].name", "name of its own"),
        (OWN_ENDPOINT + OWN_ENDPOINT, "endpoint[1].name", "name of its own"),
        (OWN_MODEL.replace('"acme"', '"acne"'), "model[0].endpoint[0].provider", "acne is no provider"),
        (OWN_MODEL.replace("[4, 6]", "[4, 4]"), "model[0].supported_durations", "twice"),
        (ROW, "acme/film-1", "taken already, by acme/film-1 in acme.toml"),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_a_mistake_of_an_operators_is_named_by_file_key_and_reason(
    packaged: Path, house: Path, text: str, key: str, reason: str
) -> None:
    """The file with its whole path: it may lie anywhere."""
    file = str(house / "own.toml")
    with pytest.raises(CatalogueError, match=re.escape(f"{file}: {key}: ")) as caught:
        load(packaged, write(house, text, "own.toml"))
    assert (caught.value.file, caught.value.key) == (file, key)
    assert reason in caught.value.reason


def test_a_path_that_leads_nowhere_is_a_mistake_in_the_settings(packaged: Path, house: Path) -> None:
    """As is a folder without a file."""
    with pytest.raises(CatalogueError, match="neither a file nor a folder") as caught:
        load(packaged, house / "gone.toml")
    assert (caught.value.file, caught.value.key) == ("settings", "catalogue")
    with pytest.raises(CatalogueError, match="no model file"):
        load(packaged, house)


def test_the_setting_takes_paths_with_commas_between(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From the environment as one text, from a file as a list or a text."""
    monkeypatch.setenv("REELROUTER_CATALOGUE", "gpus.toml, /etc/reelrouter/models")
    assert Settings().catalogue == (Path("gpus.toml"), Path("/etc/reelrouter/models"))
    monkeypatch.delenv("REELROUTER_CATALOGUE")
    config = write(tmp_path, 'catalogue = ["a.toml", "b"]', "reelrouter.toml") / "reelrouter.toml"
    monkeypatch.setenv("REELROUTER_CONFIG", str(config))
    assert Settings().catalogue == (Path("a.toml"), Path("b"))
    config.write_text('catalogue = "a.toml"')
    assert Settings().catalogue == (Path("a.toml"),)


def test_the_packaged_catalogue_takes_a_server_of_ones_own(house: Path) -> None:
    """Its rows have no endpoint of that name."""
    text = OWN_ENDPOINT.replace("acme/film-1", "alibaba/wan-2.6")
    catalogue = load_catalogue(own=(write(house, text),), providers=PROVIDERS)
    model = catalogue.find("alibaba/wan-2.6")
    assert model is not None
    assert model.endpoints[0].name == "vllm-omni"
