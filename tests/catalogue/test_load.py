import re
from pathlib import Path

import pytest

from reelrouter.catalogue.load import CatalogueError, load_catalogue
from reelrouter.catalogue.model import Shape

ROW = """
[[model]]
id = "acme/film-1"
canonical_slug = "acme/film-1-20260101"
name = "Acme: Film 1"
created = 1767225600
description = "Makes films from a prompt or a first frame, and takes no references."
supported_resolutions = ["480p", "720p"]
supported_aspect_ratios = ["16:9", "1:1"]
supported_durations = [4, 6]
supported_frame_images = ["first_frame"]
generate_audio = true
prompt = "required"
modes = ["text", "frames"]
aliases = ["film"]
# more

[model.size_table.480p]
"1:1" = "640x640"

[model.pricing_skus]
duration_seconds_480p = "0.1"
duration_seconds_720p = "0.2"

[[model.endpoint]]
provider = "acme"
native = "film-one"
"""


def write(directory: Path, text: str, name: str = "acme.toml") -> Path:
    (directory / name).write_text(text, encoding="utf-8")
    return directory


def test_a_row_is_found_by_each_of_its_names(tmp_path: Path) -> None:
    """Id, dated slug and alias lead to one model, and other words to none."""
    catalogue = load_catalogue(write(tmp_path, ROW))
    names = ("acme/film-1", "acme/film-1-20260101", "film")
    assert [found.id for name in names if (found := catalogue.find(name))] == ["acme/film-1"] * 3
    assert catalogue.find("acme/film-2") is None
    assert len(catalogue) == 1


def test_the_size_table_overrides_what_a_name_says(tmp_path: Path) -> None:
    """Where a vendor's 480p at 1:1 is 640x640, that is what comes out, and what may be asked for."""
    (model,) = load_catalogue(write(tmp_path, ROW))
    square = Shape(width=640, height=640, resolution="480p", aspect_ratio="1:1")
    assert model.shapes["480p 1:1"] == square
    assert set(model.sizes) == {"854x480", "640x640", "1280x720", "720x720"}


def test_a_listed_size_that_is_only_a_name_keeps_its_own_pixels(tmp_path: Path) -> None:
    """A row may list 480x480 for a shape that its size table makes larger; asked for, it is meant."""
    text = ROW.replace("# more", 'supported_sizes = ["480x480"]')
    (model,) = load_catalogue(write(tmp_path, text))
    assert model.sizes["480x480"] == Shape(width=480, height=480, resolution="480p", aspect_ratio="1:1")


def test_one_native_id_serves_every_mode(tmp_path: Path) -> None:
    """A single id stands for all modes; a table gives each its own."""
    (model,) = load_catalogue(write(tmp_path, ROW))
    assert model.endpoints[0].native == {"text": "film-one", "frames": "film-one"}
    by_mode = ROW.replace('native = "film-one"', 'native = { text = "t2v", frames = "i2v" }')
    (model,) = load_catalogue(write(tmp_path, by_mode))
    assert model.endpoints[0].native == {"text": "t2v", "frames": "i2v"}


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ("# more", "colour = 1", "model[0].colour", "not permitted"),
        (
            "# more",
            "generation_time = { median = 9, p90 = 8 }",
            "model[0].generation_time.p90",
            "above the median",
        ),
        ("created = 1767225600", 'created = "today"', "model[0].created", "integer"),
        ('name = "Acme: Film 1"\n', "", "model[0].name", "required"),
        ("from a prompt", "from a prompt" + "!" * 190, "model[0].description", "190"),
        ('description = "M', 'description = "" # "M', "model[0].description", "least 1"),
        ('"480p", "720p"]', '"480p", "719p"]', "model[0].supported_resolutions[1]", "719p"),
        ('["16:9", "1:1"]', '["16:9", "1x1"]', "model[0].supported_aspect_ratios[1]", "1x1"),
        ("# more", "supported_sizes = []", "model[0].supported_sizes", "least 1"),
        ("# more", 'supported_sizes = ["720p"]', "model[0].supported_sizes[0]", "WIDTHxHEIGHT"),
        ("# more", 'supported_sizes = ["853x480"]', "model[0].supported_sizes[0]", "odd"),
        ("# more", 'supported_sizes = ["800x600"]', "model[0].supported_sizes[0]", "size_table"),
        ('"1:1" = "640x640"', '"4:3" = "640x640"', "model[0].size_table.480p.4:3", "no such"),
        ("[4, 6]", "[4, 6, 4]", "model[0].supported_durations", "twice"),
        ("[4, 6]", "[4, 0]", "model[0].supported_durations[1]", "greater"),
        ("supported_durations = [4, 6]\n", "", "model[0].supported_durations", "missing"),
        ("# more", 'length = "video"', "model[0].supported_durations", "cannot be given"),
        ("# more", "longest_input = 30", "model[0].longest_input", "cannot be given"),
        ("supported_durations = [4, 6]\n", 'length = "audio"\n', "model[0].longest_input", "missing"),
        (
            "supported_durations = [4, 6]\n",
            'length = "audio"\nlongest_input = 9\n',
            "model[0].references.audio",
            "no other sound",
        ),
        (
            "supported_durations = [4, 6]\n",
            'length = "video"\nlongest_input = 9\n',
            "model[0].references.video",
            "no other input",
        ),
        ("# more", 'pixels = "input"', "model[0].supported_resolutions", "cannot be listed"),
        ("# more", "defaults.duration = 5", "model[0].defaults.duration", "5"),
        ("# more", 'defaults.resolution = "4K"', "model[0].defaults.resolution", "4K"),
        ("# more", "creativity = [0, 1]", "model[0].defaults.creativity", "missing"),
        ("generate_audio = true", "audio_switch = false", "model[0].audio_switch", "always"),
        ('modes = ["text", "frames"]', 'modes = ["text"]', "model[0].modes", "frames"),
        ('"text", "frames"]', '"text", "frames", "dream"]', "model[0].modes[2]", "Input"),
        ('"text", "frames"]', '"text", "frames", "references"]', "model[0].modes", "references"),
        ("# more", "references.image = 2", "model[0].references", "no mode uses them"),
        ("# more", "references.image = -1", "model[0].references.image", "greater"),
        ('"0.1"', '"cheap"', "model[0].pricing_skus.duration_seconds_480p", "cheap"),
        ('"0.1"', '"-1"', "model[0].pricing_skus.duration_seconds_480p", "-1"),
        ('"0.1"', '"NaN"', "model[0].pricing_skus.duration_seconds_480p", "NaN"),
        ('"0.1"', "0.1", "model[0].pricing_skus.duration_seconds_480p", "string"),
        ("seconds_480p", "seconds_8k", "model[0].pricing_skus.duration_seconds_8k", "understood"),
        ("duration_seconds_480p", "generate", "model[0].pricing_skus", "one way of billing"),
        ('duration_seconds_720p = "0.2"\n', "", "model[0].pricing_skus", "no price key"),
        ('native = "film-one"', 'native = { text = "t" }', "model[0].endpoint", "frames"),
        ('native = "film-one"', 'native = { edit = "t" }', "model[0].endpoint[0].native.edit", "modes"),
        ('aliases = ["film"]', 'aliases = ["acme/film-1"]', "acme/film-1", "taken"),
        ('prompt = "required"', 'prompt = "maybe"', "model[0].prompt", "Input"),
        ("[[model]]", "[[model]", "(syntax)", "line 2"),
    ],
)
def test_a_mistake_is_named_by_file_key_and_reason(
    tmp_path: Path, old: str, new: str, key: str, reason: str
) -> None:
    """Whatever is wrong with a row, the error leads to the place."""
    assert old in ROW
    with pytest.raises(CatalogueError, match=re.escape(f"acme.toml: {key}: ")) as caught:
        load_catalogue(write(tmp_path, ROW.replace(old, new)))
    assert (caught.value.file, caught.value.key) == ("acme.toml", key)
    assert reason in caught.value.reason


def test_two_endpoints_of_one_provider_need_names(tmp_path: Path) -> None:
    """Routes and options go by an endpoint's name."""
    second = '\n[[model.endpoint]]\nprovider = "acme"\nnative = "film-two"\n'
    with pytest.raises(CatalogueError, match="name of its own"):
        load_catalogue(write(tmp_path, ROW + second))
    (model,) = load_catalogue(write(tmp_path, ROW + second + 'name = "acme-eu"\n'))
    assert [endpoint.name for endpoint in model.endpoints] == ["acme", "acme-eu"]


def test_names_are_unique_across_files(tmp_path: Path) -> None:
    """A second file that uses a name again is refused, and the first owner is named."""
    write(tmp_path, ROW)
    write(tmp_path, ROW, "later.toml")
    with pytest.raises(CatalogueError, match=re.escape("acme/film-1 in acme.toml")) as caught:
        load_catalogue(tmp_path)
    assert caught.value.file == "later.toml"


def test_an_empty_directory_is_a_mistake(tmp_path: Path) -> None:
    """A gateway without models is a wrong path, not a choice."""
    with pytest.raises(CatalogueError, match="no model file"):
        load_catalogue(tmp_path)


def test_an_operator_may_give_models_names(tmp_path: Path) -> None:
    """A name of one's own leads to the model; the names that it had before still do."""
    aliases = {"house-film": "acme/film-1", "trailer": "acme/film-1-20260101"}
    catalogue = load_catalogue(write(tmp_path, ROW), aliases)
    names = ("house-film", "trailer", "film", "acme/film-1")
    assert [found.id for name in names if (found := catalogue.find(name))] == ["acme/film-1"] * 4
    assert len(catalogue) == 1


@pytest.mark.parametrize(
    ("alias", "name", "reason"),
    [
        ("film", "acme/film-1", "taken already, by acme/film-1"),
        ("acme/film-1", "acme/film-1", "taken already"),
        ("acme/film-1-20260101", "acme/film-1", "taken already"),
        ("house-film", "acme/film-2", "acme/film-2 is no model"),
        (" ", "acme/film-1", "blank"),
    ],
)
def test_a_bad_name_of_an_operators_stops_with_its_place(
    tmp_path: Path, alias: str, name: str, reason: str
) -> None:
    """A name that is taken, or that leads nowhere, is a mistake in the settings, and is told as one."""
    with pytest.raises(CatalogueError, match=reason) as caught:
        load_catalogue(write(tmp_path, ROW), {alias: name})
    assert (caught.value.file, caught.value.key) == ("settings", f"aliases.{alias}")


def test_what_an_endpoint_lacks_is_read(tmp_path: Path) -> None:
    """In the words that routing knows."""
    (model,) = load_catalogue(write(tmp_path, ROW + 'lacks = ["seed", "audio"]\n'))
    assert model.endpoints[0].lacks == ("seed", "audio")


def test_a_lack_that_nobody_knows_stops_the_start(tmp_path: Path) -> None:
    """A word that is misspelt would send jobs where they cannot be made."""
    with pytest.raises(CatalogueError, match=r"lacks\[1\]: Input should be 'last_frame', .* or 'size'"):
        load_catalogue(write(tmp_path, ROW + 'lacks = ["seed", "sound"]\n'))
