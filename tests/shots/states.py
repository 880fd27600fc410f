"""States: one installation in which everything is there that a screen can show: takes in each state,
a batch, a chain, people, money, alerts, and a team that has nothing yet.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.test import Client
from django.utils import timezone

from editorapp.alerts.models import AlertKind
from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.generations import alerting, comparison
from editorapp.generations.coordination import heartbeat
from editorapp.generations.models import Generation
from editorapp.generations.moving import move
from editorapp.generations.states import State
from editorapp.inbox import webhooks
from editorapp.media import change_curve
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.review import approval, comments, guest_comments, notices, playlists, shares
from editorapp.review.answers import answer
from editorapp.review.asked_notes import AskedNote
from editorapp.review.comments import CommentText
from editorapp.review.decide import decide
from editorapp.review.guest_comments import GuestForm
from editorapp.review.shares import Terms
from editorapp.teams import projects
from editorapp.teams.models import Invite, Member, Team
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from editorapp.web.studio import answering
from tests.factories import default_account, make_member, make_reserved
from tests.shots.clips import graded, sources
from tests.taken_in import take_in

PROMPTS = (
    "Rainy neon evening, wet asphalt, the street in deep blue",
    "First snow, soft overcast light",
    "Golden hour, long shadows, dust in the air",
    "A claymation world, soft studio light",
)
LADDER = ("adhere_2", "flex_1", "flex_3", "reimagine_2")
FAILED = "The provider refused the prompt: it names a public figure. Nothing was charged."
UNKNOWN = "The connection ended before the answer. It may have been accepted, and paid."


@dataclass
class States:
    """What was made, by name: takes, clips, and people by their role."""

    people: dict[str, Member]
    clips: list[Asset] = field(default_factory=list)
    takes: dict[str, Generation] = field(default_factory=dict)
    batch: UUID = field(default_factory=uuid4)
    project: int = 0
    playlist: int = 0
    invite: str = ""
    note: int = 0
    webhook: int = 0
    share: int = 0
    links: dict[str, str] = field(default_factory=dict)

    @property
    def clip(self) -> Asset:
        return self.clips[0]

    def take(self, name: str) -> int:
        return self.takes[name].pk

    def cookie(self, person: str) -> str:
        """Return a session of somebody, as their browser's cookie holds it."""
        client = Client()
        client.force_login(self.people[person].user)
        return client.cookies[settings.SESSION_COOKIE_NAME].value


def build(folder: Path) -> States:
    """Make the installation in the database and the store that the settings name."""
    made = States(_people())
    owner = made.people["admin"]
    files = sources(folder)
    # Before the store moves them: what results are made of. Of the first clip several, of each
    # other one.
    results = [graded(files[0], folder / f"graded-{n}.mp4", n + 1) for n in range(6)]
    others = [graded(path, folder / f"other-{n}.mp4", n) for n, path in enumerate(files[1:])]
    made.clips = [_asset(path, owner) for path in files]
    looks = [_asset(path, owner, origin=Asset.Origin.RESULT) for path in results + others]
    _takes(made, looks)
    _measure(made)
    _around(made)
    _projects(made, owner)
    _notes(made, owner)
    _sitting(made)
    _links(made, owner)
    return made


def _links(made: States, owner: Member) -> None:
    """Share a take and a comparison, and have a guest come and say something."""
    now = timezone.now()
    shown = Terms("Second cut", may_comment=True, may_download=True, shows_prompt=True)
    for name, takes in {"take": ("done",), "compare": ("done", "second")}.items():
        ids = [made.take(one) for one in takes]
        link, token = shares.share(ids, shown, by=owner, now=now)
        made.links[name] = f"/s/{token}/"
        guest, _key = shares.welcome(link, "Gina Client", address="192.0.2.7", now=now)
        said = CommentText("Could the street be wetter?", (12, 12))
        guest_comments.add(made.takes["done"], said, GuestForm(guest, name, now))
        made.share = link.pk


def _notes(made: States, owner: Member) -> None:
    """Make a note with a drawing, the edit that is begun from it, a take that answers it, and a
    webhook.
    """
    take, now = made.takes["changes"], timezone.now()
    reviewer, creator = made.people["reviewer"], made.people["creator"]
    box = {"kind": "box", "colour": "red", "points": [[0.3, 0.2], [0.6, 0.7]]}
    says = CommentText("@Cleo keep the blue of the source here", (12, 12), [box])
    note = comments.add(take, says, by=reviewer, form_token="shot", now=now)
    answering.begin(AskedNote(note), take, creator, now=now)
    answer(made.takes["answer"], note)
    notices.answered(note.answers.get(), now=now)
    wanted = webhooks.Wanted("Chat", "https://chat.example.com/hooks/1", ["comment", "verdict"])
    made.note, made.webhook = note.pk, webhooks.make(wanted, by=owner, now=now)[0].pk


def _projects(made: States, owner: Member) -> None:
    """Make a project with takes and people, and a private one."""
    board = projects.make(owner, ProjectFields("Harbor film", colour="blue", reference="A-1204"))
    projects.add(board, made.people["creator"], owner)
    move([made.take("done"), made.take("second"), made.take("chain")], board, by=owner)
    projects.make(owner, ProjectFields("Pitch", colour="amber", is_private=True))
    made.project = board.pk


def _sitting(made: States) -> None:
    """Make a playlist, and ask for reviews."""
    now, owner, reviewer = timezone.now(), made.people["admin"], made.people["reviewer"]
    sitting = playlists.make("Monday sitting", by=owner, now=now)
    names = ("done", "second", "chain", "many-3")
    playlists.add(sitting, [made.take(name) for name in names], by=owner)
    made.playlist = sitting.pk
    for name in ("chain", "many-3"):
        approval.ask(made.takes[name], [reviewer, owner], by=made.people["creator"], now=now)


def _people() -> dict[str, Member]:
    team = Team.objects.create(name="The cutting room", monthly_limit_usd=Decimal(120))
    poor = Team.objects.create(name="Pilot", monthly_limit_usd=Decimal("0.50"))
    return {
        "admin": make_member(role=Role.ADMIN, name="Ada", team=team),
        "creator": make_member(role=Role.CREATOR, name="Cleo", team=team),
        "reviewer": make_member(role=Role.REVIEWER, name="Rae", team=team),
        "newcomer": make_member(role=Role.ADMIN, name="Noor", team=Team.objects.create(name="New")),
        "poor": make_member(role=Role.CREATOR, name="Pim", team=poor),
    }


def _asset(path: Path, owner: Member, *, origin: str = Asset.Origin.UPLOAD) -> Asset:
    is_made = origin == Asset.Origin.RESULT
    rows = {"team": owner.team, "user": owner.user, "origin": origin, "is_simulated": is_made}
    return take_in(path, name=path.name, **rows)


def _takes(made: States, looks: list[Asset]) -> None:
    """Make the takes, the oldest first: a chain, many that are done, a ladder, and one in each other
    state.
    """
    first = _done(made, "done", looks[0])
    second = _done(made, "second", looks[1], parent=first)
    _done(made, "chain", looks[2], parent=second)
    for number in range(30):
        clip = number % len(made.clips)
        look = looks[number % 6] if clip == 0 else looks[5 + clip]
        _done(made, f"many-{number}", look, clip=clip, prompt=number % 4)
    _done(made, "approved", looks[3], review=Generation.Review.APPROVED)
    changes = _done(made, "changes", looks[4])
    _done(made, "answer", looks[5], parent=changes)
    for place, strength in enumerate(LADDER):
        _done(made, f"ladder-{place}", looks[place], batch=made.batch, strength=strength)
    _other(made, "failed", State.FAILED, failure_message=FAILED, can_retry=True)
    _other(made, "unknown", State.UNKNOWN, failure_message=UNKNOWN)
    _other(made, "running", State.RUNNING)
    made.takes["running"].attempts.update(progress=0.42)
    _other(made, "fetching", State.FETCHING)
    for number in range(3):
        _other(made, f"queued-{number}", State.QUEUED, prompt=number)


def _wanted(clip: Asset, prompt: str, strength: str) -> dict[str, Any]:
    wanted = GenerationRequest(
        prompt=prompt,
        source=Ref(asset_id=clip.pk),
        resolution="720p",
        strength=strength or None,
        auto_controls=not strength,
    )
    return {"request": wanted.to_json(), "prompt": prompt}


def _done(
    made: States,
    name: str,
    look: Asset,
    *,
    clip: int = 0,
    prompt: int = 0,
    parent: Generation | None = None,
    strength: str = "",
    **more: Any,
) -> None | Generation:
    source = made.clips[clip]
    made_of = {"parent": parent, "lineage": parent.lineage} if parent else {"source": source}
    now = timezone.now()
    take = make_reserved(
        made.people["creator"],
        state=State.SUCCEEDED,
        result=look,
        finished_at=now,
        **made_of,
        **_wanted(source, PROMPTS[prompt], strength),
        **more,
    )
    attempt = take.attempts.get()
    charged = ledger.charge([Charge(attempt.pk, None, is_estimated=True)], now=now)[0]
    take.cost_usd, take.cost_is_estimated = charged.amount_usd, True
    take.save(update_fields=["cost_usd", "cost_is_estimated"])
    made.takes[name] = take
    return take


def _other(made: States, name: str, state: State, *, prompt: int = 1, **more: Any) -> None:
    source = made.clip
    person = made.people["creator"]
    asked = _wanted(source, PROMPTS[prompt], "")
    made.takes[name] = make_reserved(person, state=state, source=source, **asked, **more)


def _measure(made: States) -> None:
    """Let it be known how much some takes differ from their source, as a worker would."""
    for name in ("done", *(f"ladder-{place}" for place in range(len(LADDER)))):
        pair = comparison.pair(made.takes[name])
        change_curve.measure(change_curve.ask(pair.result, pair.source, pair.laid)[0])


def _around(made: States) -> None:
    """Make what stands around takes: a review, an invitation, an alert, signs of life."""
    now = timezone.now()
    note = "The sky is too dark: keep the blue of the source."
    take, reviewer = made.takes["changes"], made.people["reviewer"]
    decide(take, "needs_changes", member=reviewer, note=note, now=now)
    owner = made.people["admin"]
    words = {"role": Role.CREATOR, "note": "Nina, from May"}
    _row, made.invite = Invite.make(owner.team, invited_by=owner.user, now=now, **words)
    unknown = made.takes["unknown"]
    alerting.open_for_take(AlertKind.UNKNOWN_OUTCOME, unknown, UNKNOWN, now=now)
    for name in ("ticker", "cluster"):
        heartbeat.beat(name, now=now + timedelta(minutes=10))
    account = default_account("luma-agents")
    assert account.is_simulated
