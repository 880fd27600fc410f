"""What cannot be read is answered with 400, and the answer says what was wrong, and what to do."""

import json

import pytest
from django.test import Client

from editorapp.core.money import show_usd
from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.generations.models import Attempt, Generation, Settlement
from editorapp.generations.request.check import check
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import RequestRefused, enqueue
from editorapp.generations.states import State
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.review.models import Decision
from editorapp.teams.models import Team
from editorapp.teams.roles import Role
from tests.factories import default_account, make_asset, make_member, make_reserved, signed_in
from tests.web.take_pages import make_done

pytestmark = pytest.mark.django_db

UNSEEN = ("\0", "a\0b", "slide\x0bbreak", "\x1b[31mred")


@pytest.fixture
def admin():
    return make_member(role=Role.ADMIN)


@pytest.fixture
def client(admin) -> Client:
    return signed_in(admin)


# The answer


def test_the_page_says_which_value_was_wrong_and_leads_on(client) -> None:
    answer = client.get("/gallery/?person=%D9%A1")

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "person: a whole number from 1 to" in page and 'href="/studio/"' in page
    assert 'aria-label="Places"' in page, "who is signed in stays at home"


def test_a_script_is_told_as_json_and_htmx_in_one_sentence(client) -> None:
    scripted = client.get("/gallery/?before=x", headers={"Accept": "application/json"})
    part = client.get("/gallery/?before=x", headers={"HX-Request": "true"})

    assert scripted.status_code == part.status_code == 400
    assert scripted.json()["message"] == part.content.decode()
    assert part.content.decode().startswith("before: ")


def test_an_unknown_host_name_is_told_the_setting_that_allows_it(client) -> None:
    answer = client.get("/", headers={"Host": "studio.example.com"})

    assert answer.status_code == 400
    assert "not known as studio.example.com" in answer.content.decode()
    assert "<code>RUSHES_ALLOWED_HOSTS</code>" in answer.content.decode()


def test_a_name_of_a_parameter_is_shown_as_text(client) -> None:
    answer = client.get("/gallery/?%3Cscript%3E%00=1")

    assert (
        answer.status_code == 400
        and b"<script>\0" not in answer.content
        and b"&lt;script&gt;" in answer.content
    )


def test_a_refused_value_is_no_traceback_in_the_log(client, caplog) -> None:
    client.get("/gallery/?person=x")

    assert not [line for line in caplog.records if line.exc_info]


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
def test_a_form_in_utf_16_is_refused_in_words(client, kind: str) -> None:
    answer = client.post("/people/team", b"name=x", content_type=f"{kind}; charset=utf-16")

    assert answer.status_code == 400 and "only UTF-8 is read here" in answer.content.decode()
    assert (
        client.post(
            "/shell/theme", b"theme=dark", content_type=f"{kind}; charset=UTF-8"
        ).status_code
        != 400
    )


@pytest.mark.parametrize(
    "path", ["/in/%00", "/media/uploads/%00", "/queue/%00", "/accounts/new/%00"]
)
def test_an_address_with_a_control_character_is_refused_before_anything_reads_it(
    client, path: str
) -> None:
    assert client.get(path).status_code == 400


@pytest.mark.parametrize("number", ["9" * 19, "9" * 50, "9" * 5_000])
def test_there_is_nothing_under_a_number_that_no_row_has(client, number: str) -> None:
    asset = make_asset(make_member())

    for path in (
        f"/takes/{number}",
        f"/media/{number}/original",
        f"/media/{asset.pk}/frames/{number}.png",
    ):
        assert client.get(path).status_code == 404


def test_the_height_of_a_still_reaches_no_header_as_it_was_written(client, admin) -> None:
    asset = make_asset(admin)

    for height in ("%0A50", "%0D%0AX-Injected:+1", "1e9", "-1", "0", "%D9%A1"):
        answer = client.get(f"/media/{asset.pk}/frames/0.png?height={height}")
        assert (answer.status_code, answer.json()["reason"]) == (400, "bad_height")


# A text of a request


def a_form(admin, prompt: str, **more: object) -> dict:
    return {
        "task": "edit",
        "prompt": prompt,
        "source_kind": "asset",
        "source_asset": make_asset(admin).pk,
        "conditioning": "auto",
        "resolution": "720p",
        "form_token": "one",
        **more,
    }


@pytest.mark.parametrize("prompt", UNSEEN)
def test_a_prompt_that_nobody_can_see_is_refused_beside_its_price_and_never_queued(
    client, admin, prompt: str
) -> None:
    form = a_form(admin, prompt)

    checked = client.post("/studio/check", form, headers={"HX-Request": "true"})
    sent = client.post("/studio/queue", form, headers={"HX-Request": "true"})

    assert (checked.status_code, sent.status_code) == (200, 422)
    for answer in (checked, sent):
        assert "control character in it that nobody can see" in answer.content.decode()
    assert not Generation.objects.exists() and not Attempt.objects.exists()


def test_the_way_out_takes_it_out(client, admin) -> None:
    form = a_form(admin, "Rain\x0bat dusk\0")
    checked = client.post("/studio/check", form, headers={"HX-Request": "true"}).content.decode()
    assert "Take it out" in checked

    mended = client.post(
        "/studio/mend", form | {"mend": "prompt=Rain%0Aat+dusk"}, headers={"HX-Request": "true"}
    )

    assert "Rain\nat dusk</textarea>" in mended.content.decode()


@pytest.mark.parametrize("unseen", UNSEEN)
def test_every_text_of_a_request_keeps_the_rule_whoever_asks(admin, unseen: str) -> None:
    account, asset = default_account("luma-agents"), make_asset(admin)
    sound = GenerationRequest(
        prompt="Rain", source=Ref(asset_id=asset.pk), auto_controls=True, resolution="720p"
    )
    texts = (
        {"prompt": unseen},
        {"user_id": unseen},
        {"strength": unseen},
        {"resolution": unseen},
        {"source": Ref(url=f"https://a.example/{unseen}", media_type="video/mp4")},
        {"source": Ref(generation_id=unseen)},
        {"start_frame": Ref(file_id=unseen)},
        {"source": Ref(asset_id=asset.pk, media_type=f"video/{unseen}")},
    )

    for changes in texts:
        wanted = GenerationRequest(**{**vars(sound), **changes})
        said = check(Draft(wanted, account, asset))
        assert "text.control" in {one.rule_id for one in said.refusals} and not said.can_send, (
            changes
        )
        with pytest.raises(RequestRefused):
            enqueue(Draft(wanted, account, asset), member=admin)
    assert not Generation.objects.exists()


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("source_url", {"source_kind": "url"}),
        ("source_id", {"source_kind": "id"}),
        ("more_prompts", {}),
        ("depth_blur", {"conditioning": "manual", "depth_enabled": "1"}),
        ("takes", {}),
    ],
)
def test_what_people_type_elsewhere_is_refused_beside_its_field(
    client, admin, field: str, more: dict
) -> None:
    form = a_form(admin, "Rain", **more, **{field: "a\0b"})

    assert client.post("/studio/check", form, headers={"HX-Request": "true"}).status_code == 200
    assert client.post("/studio/queue", form).status_code == 422
    assert not Generation.objects.exists()


@pytest.mark.parametrize(
    "field", ["model", "remembered", "task_was", "source_media_type", "form_token"]
)
def test_what_only_the_page_writes_is_refused_as_a_whole(client, admin, field: str) -> None:
    answer = client.post("/studio/queue", a_form(admin, "Rain", **{field: "a\0b"}))

    assert answer.status_code == 400 and f"{field}: " in answer.content.decode()
    assert not Generation.objects.exists()


@pytest.mark.parametrize("prompt", UNSEEN)
def test_no_price_is_asked_for_what_cannot_be_kept(client, admin, prompt: str) -> None:
    account = default_account("scenario")

    answer = client.post(
        "/studio/ask", a_form(admin, prompt, account=account.pk), headers={"HX-Request": "true"}
    )

    assert (
        answer.status_code == 204
        and "control character" in json.loads(answer["HX-Trigger"])["rushes:refused"]["text"]
    )


# Notes and money


@pytest.mark.parametrize("note", UNSEEN)
def test_a_note_that_nobody_can_see_decides_nothing(client, admin, note: str) -> None:
    unknown, done = make_reserved(admin, state=State.UNKNOWN), make_done(admin)
    running = make_reserved(admin, state=State.RUNNING)

    for address, form in (
        (f"/takes/{unknown.pk}/settle", {"outcome": "never_arrived"}),
        (f"/takes/{running.pk}/stop", {}),
        (f"/review/{done.pk}/decide", {"verdict": "needs_changes"}),
        ("/costs/limit", {"monthly_limit_usd": "5", "limit_note": note}),
        ("/people/invites", {"role": "creator", "days": "7"}),
    ):
        assert client.post(address, {"note": note, **form}).status_code in (302, 422), address

    assert not Settlement.objects.exists() and not Decision.objects.exists()
    assert not Team.objects.exclude(monthly_limit_usd=None).exists()
    assert not admin.team.invites.exists()


@pytest.mark.parametrize(
    "cost", ["1e13", "10000000000000", "NaN", "-1", "1e400", "9" * 5_000, "\u0661", "\0"]
)
def test_a_cost_that_no_take_has_corrects_nothing_and_says_what_belongs_there(
    client, admin, cost: str
) -> None:
    take = make_reserved(admin, state=State.FAILED)
    ledger.charge([Charge(take.attempts.get().pk, None, is_estimated=True)], now=take.created_at)
    before = ledger.spent_usd(take.pk)

    answer = client.post(
        f"/takes/{take.pk}/cost", {"actual_usd": cost, "note": "As the invoice says."}, follow=True
    )

    assert ledger.spent_usd(take.pk) == before, show_usd(before)
    assert "like 1.08" in answer.content.decode()
