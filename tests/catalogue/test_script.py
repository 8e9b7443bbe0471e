from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelrouter.catalogue.script import ERROR_TYPES, WORDS, read_script, take_apart
from reelrouter.errors import SCRIPTED_STATUSES, InvalidRequest
from reelrouter.work import Script


@pytest.mark.parametrize(
    ("word", "script"),
    [
        ("[[fail:content_policy_violation]]", Script(fail="content_policy_violation")),
        ("[[fail:payment_required]]", Script(fail="payment_required")),
        ("[[submit:503]]", Script(submit=503)),
        ("[[status:cancelled]]", Script(status="cancelled")),
        ("[[status:expired]]", Script(status="expired")),
        ("[[delay:0]]", Script(delay=0.0)),
        ("[[delay:2.5]]", Script(delay=2.5)),
        ("[[stuck]]", Script(stuck=True)),
        ("[[outputs:3]]", Script(outputs=3)),
        ("[[content:410]]", Script(content=410)),
        ("[[webhook:fail]]", Script(webhook="fail")),
        ("[[ delay : 2 ]]", Script(delay=2.0)),
    ],
)
def test_each_word_sets_its_own_thing(word: str, script: Script) -> None:
    """A word changes one field of the script and leaves the prompt's text alone."""
    assert read_script(f"a red fox {word}") == ("a red fox", script)


def test_words_combine_and_vanish_from_the_prompt() -> None:
    """Words may stand anywhere; what remains reads as if they had never been there."""
    prompt, script = read_script("[[delay:1]] a red fox [[outputs:2]] in snow\n[[webhook:fail]]")
    assert prompt == "a red fox in snow"
    assert script == Script(delay=1.0, outputs=2, webhook="fail")


def test_a_prompt_without_words_is_left_as_it_is() -> None:
    """Blanks and single brackets are the author's."""
    assert read_script("  a [red] fox \n") == ("  a [red] fox \n", Script())


@pytest.mark.parametrize(
    "word",
    [
        "[[explode]]",
        "[[]]",
        "[[Stuck]]",
        "[[fail]]",
        "[[fail:]]",
        "[[fail:bad_luck]]",
        "[[submit:200]]",
        "[[submit:418]]",
        "[[submit:4o4]]",
        "[[submit:٤٠٤]]",
        "[[status:completed]]",
        "[[delay:-1]]",
        "[[delay:3601]]",
        "[[delay:nan]]",
        "[[stuck:yes]]",
        "[[outputs:0]]",
        "[[outputs:11]]",
        "[[content:200]]",
        "[[webhook:ok]]",
        "[[delay:1]] [[delay:2]]",
        "[[stuck]] [[status:expired]]",
        "[[delay:1",
    ],
)
def test_a_bad_word_is_refused_with_the_words_that_exist(word: str) -> None:
    """Nothing in double brackets is passed over in silence."""
    with pytest.raises(InvalidRequest) as caught:
        read_script(f"a fox {word}")
    (problem,) = caught.value.problems
    assert problem.field == "prompt"
    assert problem.allowed == WORDS
    assert all(known in problem.message for known in (*WORDS, *ERROR_TYPES))


def test_every_bad_word_is_reported() -> None:
    """Two mistakes are two problems."""
    with pytest.raises(InvalidRequest) as caught:
        read_script("[[explode]] [[delay:soon]]")
    messages = [problem.message for problem in caught.value.problems]
    assert len(messages) == 2
    assert "explode" in messages[0]
    assert "delay" in messages[1]


_PIECES = st.sampled_from(["[[", "]]", "[", ":", "delay", "stuck", "fail", "1", " ", "\n", "é", *WORDS])


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=12).map("".join)))
def test_any_text_is_either_read_or_refused(prompt: str) -> None:
    """The reader has no third way out, and leaves no word in the prompt that it has read."""
    reading = take_apart(prompt)
    if reading.problems:
        assert {problem.field for problem in reading.problems} == {"prompt"}
        with pytest.raises(InvalidRequest):
            read_script(prompt)
    else:
        assert "[[" not in reading.prompt
        assert read_script(prompt) == (reading.prompt, reading.script)


@given(st.sampled_from(ERROR_TYPES), st.integers(1, 10), st.sampled_from(SCRIPTED_STATUSES))
def test_what_is_written_is_what_is_read(error_type: str, outputs: int, status: int) -> None:
    """Every allowed value comes through unchanged."""
    words: dict[str, Any] = {"fail": error_type, "outputs": outputs, "content": status}
    prompt = " ".join(f"[[{name}:{value}]]" for name, value in words.items())
    assert read_script(prompt) == ("", Script(**words))
