"""Earlier prompts: a person's own, each once, newest first; found by words, page by page."""

import pytest

from editorapp.reuse import prompts
from tests.factories import make_generation, make_member

pytestmark = pytest.mark.django_db


def texts(page) -> list[str]:
    return [one.text for one in page.prompts]


def test_each_prompt_comes_once_newest_first_with_its_newest_take():
    member = make_member()
    made = [make_generation(member, prompt=text) for text in ("Snow", "Rain", "Snow")]

    found = prompts.used(member)

    assert [(one.text, one.take) for one in found.prompts] == [
        ("Snow", made[2].pk),
        ("Rain", made[1].pk),
    ]
    assert found.before is None


def test_nobody_sees_the_prompts_of_a_colleague():
    member = make_member()
    colleague = make_member(team=member.team)
    make_generation(colleague, prompt="Not mine")
    make_generation(member, prompt="Mine")

    assert texts(prompts.used(member)) == ["Mine"]


@pytest.mark.parametrize("words", ["cafe paris", "CAFÉ", "rís", "  paris   cafe "])
def test_words_are_found_in_any_order_without_accents_and_case(words):
    member = make_member()
    for text in ("A quiet café in Parí­s".replace("\u00ad", ""), "A harbour"):
        make_generation(member, prompt=text)

    assert texts(prompts.used(member, words=words)) == ["A quiet café in París"]


def test_pages_go_on_until_all_are_there(monkeypatch):
    monkeypatch.setattr(prompts, "PAGE", 2)
    monkeypatch.setattr(prompts, "_STEP", 2)
    monkeypatch.setattr(prompts, "_MOST_STEPS", 2)
    member = make_member()
    for number in range(9):
        make_generation(member, prompt=f"Words {number}" if number % 4 == 0 else "Filler")

    seen, before = [], None
    for _page in range(10):
        page = prompts.used(member, words="words", before=before)
        seen += texts(page)
        before = page.before
        if before is None:
            break

    assert seen == ["Words 8", "Words 4", "Words 0"] and before is None
