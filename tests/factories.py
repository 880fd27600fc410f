"""Makers of rows for tests: plain keyword functions with sound defaults."""

from decimal import Decimal
from typing import Any

from django.test import Client
from django.utils import timezone

from editorapp.costs import fruitless, ledger
from editorapp.generations.engine.dispatcher import Post
from editorapp.generations.ledger_lines import subject
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import ACTIVE, FRUITLESS, State
from editorapp.media.models import Asset
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.models import ProviderAccount, key_in_environment, keyless_account
from editorapp.teams.models import Member, Team, User
from editorapp.teams.roles import Role

_numbers = iter(range(1, 10**9))


def make_member(*, role: str = Role.CREATOR, team: Team | None = None, name: str = "") -> Member:
    number = next(_numbers)
    user = User.objects.create_user(username=name.lower() or f"person{number}", display_name=name)
    return Member.objects.create(
        team=team or Team.objects.create(name=f"Team {number}"), user=user, role=role
    )


def signed_in(member: Member) -> Client:
    """Return a browser in which the member is signed in."""
    client = Client()
    client.force_login(member.user)
    return client


def default_account(provider: str) -> ProviderAccount:
    """Return the account of the environment's key where there is one, else the simulated one; made
    on first use.
    """
    has_key = bool(key_in_environment(registry.get(provider).SPEC))
    return keyless_account(provider, is_simulated=not has_key)


def make_asset(member: Member, **facts: Any) -> Asset:
    """Make a clip's row: 1280x720, 24 fps, 120 frames, 5 s. No file is behind it."""
    number = next(_numbers)
    sound = {
        "name": f"clip-{number}.mp4",
        "kind": "video",
        "origin": "upload",
        "sha256": f"{number:064x}",
        "size_bytes": 1_000_000,
        "mime_type": "video/mp4",
        "container": "mp4",
        "codec": "h264",
        "width": 1280,
        "height": 720,
        "fps_numerator": 24,
        "fps_denominator": 1,
        "frame_count": 120,
        "duration_seconds": Decimal(5),
    }
    if facts.get("kind") == "image":
        sound |= {"mime_type": "image/png", "container": "png", "codec": "png"}
    made = sound | facts
    goes_out = {"outgoing_sha256": made["sha256"], "outgoing_bytes": made["size_bytes"]}
    return Asset.objects.create(team=member.team, created_by=member.user, **(goes_out | made))


def make_generation(
    member: Member,
    *,
    state: str = State.QUEUED,
    source: Asset | None = None,
    account: ProviderAccount | None = None,
    **fields: Any,
) -> Generation:
    """Make a generation and its first attempt in a state, with no ledger entries."""
    account = account or default_account("luma-agents")
    source = source or (None if "parent" in fields else make_asset(member))
    now = timezone.now()
    wanted = GenerationRequest(
        prompt=fields.get("prompt", "Rainy neon evening"),
        source=Ref(asset_id=source.pk) if source else None,
        resolution="720p",
        auto_controls=True,
    )
    sound = {
        "created_at": now,
        "provider": "luma-agents",
        "model": "ray-3.2",
        "task": "edit",
        "prompt": wanted.prompt,
        "request": wanted.to_json(),
        "is_simulated": account.is_simulated,
        "source_asset": source,
        "lineage": f"a{source.pk}" if source else "g0",
        "estimate_low_usd": Decimal("1.08"),
        "estimate_high_usd": Decimal("1.08"),
        "estimate_basis": "1 x 5 s at 720p SDR",
        "state_since": now,
    }
    generation = Generation.objects.create(
        team=member.team, created_by=member.user, account=account, state=state, **(sound | fields)
    )
    make_attempt(generation, number=1, next_action_at=now if state in ACTIVE else None)
    return generation


def make_attempt(generation: Generation, *, number: int, **fields: Any) -> Attempt:
    """Make an attempt in the state of its generation, as the ledger knows it."""
    sound = {
        "account": generation.account,
        "state": generation.state,
        "created_at": generation.created_at,
    }
    made = Attempt.objects.create(generation=generation, number=number, **(sound | fields))
    if made.state in FRUITLESS:
        fruitless.add([made.pk])
    return made


def make_reserved(member: Member, **fields: Any) -> Generation:
    """Make a generation whose first attempt holds its estimate in the ledger."""
    generation = make_generation(member, **fields)
    attempt = generation.attempts.get()
    ledger.reserve(subject(attempt), generation.estimate_high_usd, now=generation.created_at)
    return generation


def make_post(attempt: Attempt, body: dict[str, Any], *, extra_seconds: float = 0.0) -> Post:
    """Make the paid post of an attempt, as it is written down before it leaves."""
    return Post(attempt, attempt.account.access(), body, "/x", extra_seconds=extra_seconds)
