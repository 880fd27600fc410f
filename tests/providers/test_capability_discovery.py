"""Testing an account: one exact sentence for everything that can be wrong, and nothing sent where
that is plain.
"""

import threading
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from editorapp.providers import accounts, capability_discovery, registry, tasks
from editorapp.providers.contract import Unavailable
from editorapp.providers.http import session
from editorapp.providers.models import ProviderAccount
from tests.factories import default_account
from tests.providers.answering import answering, self_signed
from tests.queued import waiting
from tests.simulator_process import SimulatorProcess

pytestmark = pytest.mark.django_db
SLUGS = registry.slugs()
KEYS = {
    "luma-agents": "luma-api-0123456789",
    "gmi-cloud": "gmi-0123456789abcdef",
    "scenario": "api_0123:secret_4567",
}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def entered(
    provider: str = "luma-agents", *, key: str = "", name: str = "Ours", **fields: Any
) -> ProviderAccount:
    account = ProviderAccount(provider=provider, name=name, **fields)
    account.set_key(key or KEYS[provider])
    account.save()
    return account


@pytest.fixture
def in_environment(settings: Any) -> Any:
    """Return a maker of the account whose key and base URL are in the environment of this machine."""

    def make(provider: str = "luma-agents", *, base_url: str, key: str = "") -> ProviderAccount:
        spec = registry.get(provider).SPEC
        parts = (key or KEYS[provider]).split(":")
        settings.ENVIRONMENT = dict(zip(spec.credentials, parts, strict=True)) | {
            spec.base_url_name: base_url
        }
        return default_account(provider)

    return make


def said(account: ProviderAccount) -> tuple[bool, str]:
    """Test an account and return what came of it, which must be what is kept of it."""
    found = capability_discovery.test(account)
    kept = ProviderAccount.objects.get(pk=account.pk)
    assert (kept.test_ok, kept.test_message) == (found.is_ok, found.message)
    assert kept.tested_at is not None
    assert not any(part in found.message for part in account.access().secret.split(":") if part)
    return found.is_ok, found.message


@pytest.mark.parametrize("slug", SLUGS)
def test_the_simulated_account_of_every_provider_works(
    simulator: SimulatorProcess, slug: str
) -> None:
    is_ok, message = said(default_account(slug))

    assert is_ok, message
    assert message.startswith("The simulator answers.")


@pytest.mark.parametrize("slug", SLUGS)
def test_a_real_account_works_and_says_whose_key_it_is(
    simulator: SimulatorProcess, slug: str
) -> None:
    is_ok, message = said(entered(slug, base_url=default_account(slug).address()))

    assert is_ok, message
    assert message.startswith(f"{registry.get(slug).SPEC.name} accepts the key.")


NOT_ACCEPTED, NO_ACCESS = (
    "does not accept the key. Copy",
    "knows the key, but gives it no access: check its rights",
)
REFUSED_KEYS = [
    ("luma-agents", "luma-api-invalid-0123", NOT_ACCEPTED, "Invalid API key"),
    ("luma-agents", "luma-api-expired-0123", NOT_ACCEPTED, "API key has expired"),
    ("luma-agents", "luma-api-suspended-01", NO_ACCESS, "API client is suspended"),
    ("gmi-cloud", "gmi-unknown-0123456789", NOT_ACCEPTED, "Invalid API key"),
    ("gmi-cloud", "gmi-suspended-01234567", NO_ACCESS, "This organization is suspended"),
    ("scenario", "api_unknown:secret_4567", NOT_ACCEPTED, "Invalid API key or secret"),
    (
        "scenario",
        "api_wrongscope:secret_4",
        NO_ACCESS,
        "This API key has no access to this project",
    ),
]


@pytest.mark.parametrize(("slug", "key", "words", "said_by_them"), REFUSED_KEYS)
def test_a_key_that_the_provider_refuses_is_said_with_its_own_words(
    simulator: SimulatorProcess,
    in_environment: Any,
    slug: str,
    key: str,
    words: str,
    said_by_them: str,
) -> None:
    is_ok, message = said(in_environment(slug, key=key, base_url=default_account(slug).address()))

    assert not is_ok
    assert words in message
    assert f"{registry.get(slug).SPEC.name} says: “{said_by_them}”." in message


def test_where_the_form_of_a_key_is_known_a_refusal_recalls_it(
    simulator: SimulatorProcess, in_environment: Any
) -> None:
    address = default_account("luma-agents").address()
    _is_ok, message = said(in_environment(key="luma-api-invalid-0123", base_url=address))

    assert "Its keys begin with luma-api-." in message


def test_scenario_tells_how_keyframes_are_written_and_what_a_unit_costs(
    simulator: SimulatorProcess,
) -> None:
    account = entered("scenario", base_url=default_account("scenario").address())
    assert account.spec.find("edit", "ray-3.2").limits.keyframe_keys is None
    assert account.access().unit_price_usd is None

    is_ok, message = said(account)

    kept = ProviderAccount.objects.get(pk=account.pk)
    assert is_ok, message
    assert "It told its own limits for 7 models." in message
    assert kept.spec.find("edit", "ray-3.2").limits.keyframe_keys is not None
    assert kept.access().unit_price_usd is not None


WHATEVER = [
    (status, {"detail": "What the machine says"})
    for status in (302, 400, 401, 402, 403, 404, 418, 429, 500, 503)
] + [(200, "<html>Welcome to nginx</html>")]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {"detail": "Invalid API key"}, "does not accept the key. Copy"),
        (402, {"detail": "No funds"}, "accepts the key, but the account has no funds"),
        (
            403,
            {"detail": "Not in your plan"},
            "knows the key, but gives it no access: check its rights and plan there",
        ),
        (404, {}, "127.0.0.1 answers, but not as {name} does: check the base URL"),
        (
            429,
            {},
            "takes no more requests just now, so the key could not be tried. Test it again in ",
        ),
        (302, {}, "answers at another address (HTTP 302): check the base URL"),
        (500, {}, "has a problem of its own (HTTP 500), so the key could not be tried"),
        (200, "<html>Welcome to nginx</html>", "Something answers at {address} that is not {name}"),
    ],
)
@pytest.mark.parametrize("slug", SLUGS)
def test_each_answer_of_a_provider_has_its_sentence(
    in_environment: Any, slug: str, status: int, body: Any, words: str
) -> None:
    with answering(status, body) as (address, asked):
        is_ok, message = said(in_environment(slug, base_url=address))

    assert not is_ok
    assert words.format(name=registry.get(slug).SPEC.name, address=address) in message
    assert len(asked) == 1
    detail = body.get("detail") if isinstance(body, dict) else None
    assert not detail or detail in message


@pytest.mark.parametrize("slug", SLUGS)
def test_an_address_that_nobody_has_is_not_found(in_environment: Any, slug: str) -> None:
    is_ok, message = said(in_environment(slug, base_url="https://nowhere.invalid/v1"))

    assert not is_ok
    assert message.startswith("The address nowhere.invalid is not found.")


@pytest.mark.parametrize("slug", SLUGS)
def test_a_port_where_nothing_listens_is_said(in_environment: Any, slug: str) -> None:
    is_ok, message = said(in_environment(slug, base_url="http://127.0.0.1:9/v1"))

    assert (is_ok, message) == (False, "Nothing answers at 127.0.0.1:9. Check the base URL.")


@pytest.mark.parametrize("slug", SLUGS)
def test_a_certificate_that_is_not_trusted_is_said(
    in_environment: Any, slug: str, tmp_path: Path
) -> None:
    with answering(tls=self_signed(tmp_path / "nobody.pem")) as (address, asked):
        is_ok, message = said(in_environment(slug, base_url=address))

    assert not is_ok
    assert "No secure connection to 127.0.0.1: its certificate is not trusted" in message
    assert asked == []


def test_a_server_that_never_answers_is_given_up(
    in_environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "FREE_DEADLINE_SECONDS", 0.2)
    over = threading.Event()

    with answering(silent=over) as (address, _asked):
        is_ok, message = said(in_environment(base_url=address))
        over.set()

    assert not is_ok
    assert message.startswith("127.0.0.1 did not answer in time.")


def test_an_address_that_is_none_is_said(in_environment: Any) -> None:
    is_ok, message = said(in_environment(base_url="https://luma.example.org:port"))

    assert not is_ok
    assert "is not an address" in message


@pytest.mark.parametrize("slug", SLUGS)
def test_of_an_address_that_an_admin_entered_nothing_is_told_but_that_it_is_not_the_provider(
    slug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever is an admin here could look through this server into the network that it stands
    in.
    """
    monkeypatch.setattr(session, "FREE_DEADLINE_SECONDS", 0.2)
    messages = set()
    over = threading.Event()
    closed, silent = {"base_url": "http://127.0.0.1:9/v1"}, answering(silent=over)
    answers = [answering(status, body) for status, body in WHATEVER] + [
        answering(tls=self_signed(tmp_path / "pem"))
    ]
    for number, server in enumerate([*answers, silent]):
        with server as (address, _asked):
            is_ok, message = said(entered(slug, base_url=address, name=f"Ours {number}"))
            assert not is_ok
            messages.add(message.replace(address, "ADDRESS"))
            over.set() if server is silent else None
    for number, address in enumerate([closed["base_url"], "https://nowhere.invalid/v1"]):
        messages.add(
            said(entered(slug, base_url=address, name=f"None {number}"))[1].replace(
                address, "ADDRESS"
            )
        )

    assert messages == {
        f"What is at ADDRESS did not answer as {registry.get(slug).SPEC.name} does. Check the base URL and the key. "
        "What came instead is not shown, because the address is not the provider’s own."
    }


def test_at_the_providers_own_address_an_admin_reads_what_is_wrong() -> None:
    spec = registry.get("luma-agents").SPEC

    assert not entered(base_url=spec.base_url + "/", name="Own").leads_elsewhere
    assert not entered(name="Usual").leads_elsewhere
    assert entered(base_url="https://gateway.example.org/v1", name="Gateway").leads_elsewhere
    assert entered(base_url=spec.base_url.replace("https", "http"), name="Open").leads_elsewhere


def test_a_key_of_another_provider_is_sent_nowhere() -> None:
    with answering() as (address, asked):
        is_ok, message = said(entered("gmi-cloud", key="luma-api-0123456789", base_url=address))

    assert (is_ok, message) == (
        False,
        "This is a key of Luma Agents, not of GMI Cloud. Nothing was sent.",
    )
    assert asked == []


def test_the_simulators_key_is_sent_nowhere_else() -> None:
    with answering() as (address, asked):
        is_ok, message = said(
            entered(key=registry.get("luma-agents").SPEC.simulated_key, base_url=address)
        )

    assert not is_ok
    assert "the simulator's key" in message
    assert asked == []


def test_a_key_that_cannot_be_read_is_said(settings: Any) -> None:
    account = entered()
    settings.SECRET_KEY = "another"

    is_ok, message = said(account)

    assert not is_ok
    assert message.endswith("The installation's secret has changed: enter the key again.")


def test_a_simulator_that_does_not_run_is_said(settings: Any) -> None:
    settings.SIMULATOR_URL = "http://127.0.0.1:9"

    is_ok, message = said(default_account("luma-agents"))

    assert not is_ok
    assert message.startswith("The simulator does not answer at http://127.0.0.1:9/")


def adapter(answer: Any) -> SimpleNamespace:
    """Return an adapter whose ping works and whose `discover` gives, or raises, this."""

    async def ping(*, session: Any) -> None: ...

    async def discover(*, session: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SimpleNamespace(ping=ping, discover=discover, SPEC=registry.get("luma-agents").SPEC)


@pytest.fixture
def learns(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_answer(answer: Any) -> None:
        monkeypatch.setattr(
            capability_discovery,
            "registry",
            SimpleNamespace(get=lambda _: adapter(answer), slugs=registry.slugs),
        )

    return set_answer


def test_what_the_provider_says_of_its_limits_is_kept_and_used(learns: Any) -> None:
    account = entered()
    learns({"models": {"edit/ray-3.2": {"max_source_seconds": 7}}})

    is_ok, message = said(account)

    kept = ProviderAccount.objects.get(pk=account.pk)
    assert (is_ok, message) == (
        True,
        "Luma Agents accepts the key. It told its own limits for 1 model.",
    )
    assert kept.spec.find("edit", "ray-3.2").limits.max_source_seconds == 7
    assert kept.learned_at == kept.tested_at


@pytest.mark.parametrize(
    "answer",
    [
        Unavailable("Luma Agents has a problem.", code="500"),
        [],
        {"models": object()},
        {"models": {"x": "y" * 100_001}},
    ],
    ids=["unavailable", "a list", "no JSON", "too long"],
)
def test_limits_that_cannot_be_read_leave_the_key_working_and_the_known_ones_in_place(
    learns: Any, answer: Any
) -> None:
    before = {"models": {"edit/ray-3.2": {"max_source_seconds": 7}}}
    account = entered(learned=before)
    learns(answer)

    is_ok, message = said(account)

    assert is_ok
    assert "published ones hold" in message
    assert ProviderAccount.objects.get(pk=account.pk).learned == before


def test_an_account_is_tested_by_the_queue_once_its_row_is_there(
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        account = entered()
        capability_discovery.discover_soon(account)
        assert waiting() == []

    assert waiting() == [("learn", (account.pk,))]


def test_the_queues_task_keeps_what_it_found_and_minds_no_deleted_account(settings: Any) -> None:
    settings.SIMULATOR_URL = "http://127.0.0.1:9"
    account = default_account("luma-agents")

    tasks.learn(account.pk)
    tasks.learn(987_654)

    account.refresh_from_db()
    assert account.tested_at is not None


def test_a_script_that_is_the_first_to_use_a_key_has_it_tried_at_once(
    simulator: SimulatorProcess,
) -> None:
    own, other = (
        entered(base_url=default_account("luma-agents").address()),
        entered("gmi-cloud", tested_at=timezone.now()),
    )

    capability_discovery.test_new()

    own.refresh_from_db()
    assert own.test_ok and own.proven_at == own.tested_at and not accounts.all_simulated()
    other.refresh_from_db()
    assert other.proven_at is None and not other.test_ok


def test_once_a_day_every_account_that_can_be_used_is_tested_again_and_one_that_failed_at_each_look(
    django_capture_on_commit_callbacks: Any,
) -> None:
    now = timezone.now()
    never, old = entered(), default_account("luma-agents")
    ProviderAccount.objects.filter(pk=old.pk).update(
        tested_at=now - timedelta(hours=25), test_ok=True
    )
    passed = {"is_simulated": True, "tested_at": now, "test_ok": True}
    fresh = ProviderAccount.objects.create(provider="gmi-cloud", name="Fresh", **passed)
    failed = ProviderAccount.objects.create(
        provider="gmi-cloud", name="Failed", is_simulated=True, tested_at=now
    )
    off = ProviderAccount.objects.create(
        provider="gmi-cloud", name="Off", is_simulated=True, is_enabled=False
    )
    gone = ProviderAccount.objects.create(provider="no-longer-here", name="Gone", is_simulated=True)

    with django_capture_on_commit_callbacks(execute=True):
        capability_discovery.sweep(now)

    assert {never.pk, old.pk, failed.pk} <= {args[0] for _func, args in waiting()}
    assert not {fresh.pk, off.pk, gone.pk} & {args[0] for _func, args in waiting()}
