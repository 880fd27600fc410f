"""Takes of the seed: each with its attempts, its money, its clip and the words it is found by."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

from editorapp.costs.ledger import month_of
from editorapp.generations.models import Attempt, Generation, Priority, turn_of
from editorapp.generations.states import ACTIVE, FINAL, FRUITLESS, State
from editorapp.library.index import number_word, person_word, team_word
from editorapp.library.models import TakeText
from editorapp.media.models import Asset
from tests.seed.bulk import BulkRows, kept, packed
from tests.seed.money import SeedLedger, micro
from tests.seed.people import OF_OTHERS, SeedTeam
from tests.seed.plan import CHAIN, KINDS, SeedPlan
from tests.seed.words import folded, prompt_of

OF_BATCH = 4
TAKES_OF_CLIP = 40
IN_USE = 12  # so many of the newest clips are worked on
_KINDS = [kind for kind, _weight in KINDS]
_WEIGHTS = [weight for _kind, weight in KINDS]
# What holds its money still; the others were charged or have given it back.
_HOLDS = ACTIVE - {State.FETCHING} | {State.UNKNOWN, State.LOST}
_CHARGED = {State.SUCCEEDED, State.FETCHING, State.FETCH_FAILED}
_UNSENT = {State.QUEUED, State.STAGING, State.CANCELED}
_WRONG = {
    State.FAILED: ("moderation", "The provider refused the prompt."),
    State.LOST: ("lost", "The provider does not know this job any more."),
    State.FETCH_FAILED: ("fetch", "The result could not be fetched."),
    State.UNKNOWN: ("unknown", "Nobody knows whether the provider took it."),
}


@dataclass
class SeedTake:
    """A take that was written, as far as what is said about it needs to know."""

    pk: int
    at: datetime
    state: State
    person: int
    team: int
    clip: str  # the name of what it was made from
    prompt: tuple[str, ...]
    review: str
    said: list[str] = field(default_factory=list)  # notes, then tags, as the index has them


@dataclass(frozen=True)
class _Above:
    """A take that another can be made from, or the clip of a lineage."""

    lineage: str
    parent: int | None
    source: int | None
    name: str


class TakeWriter:
    """Writes takes from the oldest to the newest."""

    def __init__(self, plan: SeedPlan, team: SeedTeam, *, until: datetime, rng: Random) -> None:
        self.plan, self.team, self.until, self.rng = plan, team, until, rng
        self.step = timedelta(days=730) / (plan.count + 1)
        self.takes, self.attempts = BulkRows(Generation), BulkRows(Attempt)
        self.assets, self.texts = BulkRows(Asset), BulkRows(TakeText)
        self.guides = BulkRows(Generation.guides.through)
        self.ledger = SeedLedger()
        self.clips: deque[_Above] = deque(maxlen=IN_USE)
        self.done: deque[_Above] = deque(maxlen=IN_USE)
        self.batch: UUID | None = None
        self.kin = 0
        self.root, self.last_kin = self._clip("A001_C001.mov", self._at(0)), 0

    def write(self, place: int) -> SeedTake:
        """Write the take at a place, from 1."""
        rng, at = self.rng, self._at(place)
        if place % TAKES_OF_CLIP == 1:
            name = f"A{place // 4000:03d}_C{place // TAKES_OF_CLIP % 100:03d}.mov"
            self.clips.append(self._clip(name, at))
        is_others = place % OF_OTHERS == 0
        is_kin = not is_others and self.plan.is_kin(place)
        kind = _KINDS[0] if is_kin else rng.choices(_KINDS, _WEIGHTS)[0]
        above = self._above(is_kin, is_others, kind[2])
        person, name = self._person(place, is_others)
        team = self.team.other.team_id if is_others else self.team.pk
        state = State.SUCCEEDED if is_kin else self.plan.state(place, rng)
        prompt = prompt_of(rng, is_rare=not is_others and self.plan.is_rare(place))
        review = self._review(state, is_others)
        pk = self.takes.last + 1
        take = SeedTake(pk, at, state, person, team, above.name, prompt, review)
        self._write(take, kind, above, name)
        return take

    def write_words(self, take: SeedTake) -> None:
        """Write what a take is found by, once all is said about it."""
        texts = (*take.prompt, take.clip, *take.said)
        said = dict.fromkeys(word for text in texts for word in folded(text))
        keys = (team_word(take.team), number_word(take.pk), person_word(take.person), str(take.pk))
        self.texts.add(
            generation_id=take.pk,
            words=" ".join([*keys, *said]),
        )

    def finish(self) -> None:
        """Write what waits, and the sums."""
        for rows in (self.assets, self.takes, self.attempts, self.texts, self.guides):
            rows.write()
        self.ledger.write()

    def _at(self, place: int) -> datetime:
        return self.until - self.step * (self.plan.count + 1 - place)

    def _person(self, place: int, is_others: bool) -> tuple[int, str]:
        if is_others:
            return self.team.other.user_id, str(self.team.other.user)
        is_former = self.plan.is_by_former(place, self.rng)
        return self.rng.choice(self.team.former if is_former else self.team.creators)

    def _review(self, state: State, is_others: bool) -> str:
        """Return what reviewers think of a take: of most nothing yet."""
        if state != State.SUCCEEDED or is_others or self.rng.random() > 0.4:
            return ""
        review = Generation.Review
        return (review.APPROVED if self.rng.random() < 0.7 else review.NEEDS_CHANGES).value

    def _above(self, is_kin: bool, is_others: bool, task: str) -> _Above:
        """Return what a take is made from: a clip, an earlier take, or nothing."""
        if is_kin:
            self.kin += 1
            is_first = self.kin % CHAIN == 1
            parent = None if is_first else self.last_kin
            self.last_kin = self.takes.last + 1
            return _Above(
                self.root.lineage, parent, self.root.source if is_first else None, self.root.name
            )
        if is_others or task == "generate":
            return _Above(f"g{self.takes.last + 1}", None, None, "")
        if self.done and self.rng.random() < 0.3:
            return self.rng.choice(self.done)
        return self.rng.choice(self.clips)

    def _write(
        self,
        take: SeedTake,
        kind: tuple[str, str, str, str],
        above: _Above,
        name: str,
    ) -> None:
        provider, model, task, dollars = kind
        amount, is_done = micro(dollars), take.state == State.SUCCEEDED
        result = self._result(take) if is_done else None
        ended = take.at + timedelta(minutes=self.rng.uniform(1, 6))
        retried = self.rng.random() < 0.03 and take.state not in _UNSENT
        request = self._request(take, model, task, above)
        code, message = _WRONG.get(take.state, ("", ""))
        source = "" if above.parent else above.name
        self.takes.add(
            team_id=take.team,
            created_by_id=take.person,
            created_at=kept(take.at),
            account_id=self.team.accounts[provider].pk,
            provider=provider,
            model=model,
            task=task,
            prompt=", ".join(take.prompt),
            request=request,
            is_simulated=True,
            parent_id=above.parent,
            source_asset_id=above.source,
            project_id=self._project(take),
            lineage=above.lineage,
            estimate_low_usd=amount,
            estimate_high_usd=amount,
            estimate_basis="1 x 5 s at 720p SDR",
            attempt_number=2 if retried else 1,
            state=take.state.value,
            state_since=kept(take.at if take.state in ACTIVE else ended),
            failure_code=code,
            failure_message=message,
            can_retry=take.state == State.FAILED,
            cost_usd=amount if take.state in _CHARGED else None,
            chain_id=f"gen-{take.pk}" if is_done else "",
            result_id=result,
            result_ms=5_000 if result else None,
            finished_at=kept(ended) if take.state in FINAL else None,
            form_token=f"seed-{take.pk}",
            batch=self._batch(take),
            review=take.review,
        )
        take.clip = source
        if self.rng.random() < 0.02 and above.source:
            self.guides.add(generation_id=take.pk, asset_id=above.source)
        self._attempts(take, kind, name, request, ended=ended, retried=retried)
        if is_done and take.team == self.team.pk and above.lineage != self.root.lineage:
            self.done.append(_Above(above.lineage, take.pk, None, above.name))

    def _project(self, take: SeedTake) -> int | None:
        is_in_one = take.team == self.team.pk and self.rng.random() < 0.7
        return self.rng.choice(self.team.projects) if is_in_one else None

    def _batch(self, take: SeedTake) -> str | None:
        """Return the batch of a take: one run of OF_BATCH in ten is sent in one go."""
        if take.pk % OF_BATCH == 1:
            is_batch = self.rng.random() < 0.1
            self.batch = UUID(int=self.rng.getrandbits(128), version=4) if is_batch else None
        is_ours = take.team == self.team.pk
        return self.batch.hex if self.batch and is_ours else None

    def _request(self, take: SeedTake, model: str, task: str, above: _Above) -> str:
        said: dict[str, Any] = {"task": task, "model": model, "prompt": ", ".join(take.prompt)}
        if above.source:
            said["source"] = {"asset_id": above.source}
        elif above.parent:
            said["source"] = {"generation_id": f"gen-{above.parent}"}
        more = {"auto_controls": True} if task == "edit" else {}
        return packed(said | {"resolution": "720p"} | more)

    def _attempts(
        self,
        take: SeedTake,
        kind: tuple[str, str, str, str],
        name: str,
        request: str,
        *,
        ended: datetime,
        retried: bool,
    ) -> None:
        amount = micro(kind[3])
        if retried:
            self._attempt(take, kind, 1, State.FAILED, request, ended=take.at)
            about = self._about(take, kind, name)
            self.ledger.reserve(about, amount, take.at)
            self.ledger.release(about, amount, take.at, note="It failed")
        number = 2 if retried else 1
        self._attempt(take, kind, number, take.state, request, ended=ended)
        about = self._about(take, kind, name)
        held = amount + 60_000 if take.pk % 7 == 0 and take.state in _CHARGED else amount
        self.ledger.reserve(about, held, take.at)
        if take.state in _CHARGED:
            in_vain = take.state in FRUITLESS
            self.ledger.charge(about, held, amount, ended, in_vain=in_vain)
        elif take.state not in _HOLDS:
            self.ledger.release(about, held, ended, note="It came to nothing")

    def _about(self, take: SeedTake, kind: tuple[str, str, str, str], name: str) -> dict[str, Any]:
        return {
            "team_id": take.team,
            "month": str(month_of(take.at)),
            "is_simulated": True,
            "person_id": take.person,
            "person_name": name,
            "provider": kind[0],
            "model": kind[1],
            "task": kind[2],
            "generation_id": take.pk,
            "attempt_id": self.attempts.last,
        }

    def _attempt(
        self,
        take: SeedTake,
        kind: tuple[str, str, str, str],
        number: int,
        state: State,
        request: str,
        *,
        ended: datetime,
    ) -> None:
        is_sent, at = state not in _UNSENT, kept(take.at)
        is_over = state in FINAL and state != State.LOST
        was_done = is_over or state == State.FETCHING
        pk = self.attempts.add(
            generation_id=take.pk,
            number=number,
            account_id=self.team.accounts[kind[0]].pk,
            state=state.value,
            idempotency_key=UUID(int=self.rng.getrandbits(128), version=4).hex,
            request_body=request if is_sent else None,
            request_sha256=_digest(f"request {take.pk}") if is_sent else "",
            provider_job_id=self._job(take, number, state),
            next_action_at=kept(self.until) if state in ACTIVE else None,
            created_at=at,
            submit_started_at=at if is_sent else None,
            submitted_at=at if is_sent and state != State.UNKNOWN else None,
            provider_done_at=kept(ended) if was_done and is_sent else None,
            recorded_at=kept(ended) if is_over else None,
            person_id=take.person,
            priority=Priority.SINGLE.value,
            turn=turn_of(take.at),
        )
        if state in FRUITLESS:
            self.ledger.fruitless.add(attempt_id=pk)

    def _job(self, take: SeedTake, number: int, state: State) -> str | None:
        has_job = state not in _UNSENT | {State.SUBMITTING, State.UNKNOWN}
        return f"job-{take.pk}-{number}" if has_job else None

    def _result(self, take: SeedTake) -> int:
        name = f"take-{take.pk}.mp4"
        return self._asset(name, Asset.Origin.RESULT, take.at, take.team, take.person)

    def _clip(self, name: str, at: datetime) -> _Above:
        person, _name = self.rng.choice(self.team.creators)
        pk = self._asset(name, Asset.Origin.UPLOAD, at, self.team.pk, person)
        if self.rng.random() < 0.5:
            still = f"{name}-{pk}.png"
            facts = {"kind": "image", "mime_type": "image/png", "container": "png", "codec": "png"}
            self._asset(
                still, Asset.Origin.FRAME, at, self.team.pk, person, cut_from_id=pk, **facts
            )
        return _Above(f"a{pk}", None, pk, name)

    def _asset(
        self,
        name: str,
        origin: Asset.Origin,
        at: datetime,
        team: int,
        person: int,
        **more: Any,
    ) -> int:
        digest = _digest(f"asset {self.assets.last}")
        video = {"kind": "video", "mime_type": "video/mp4", "container": "mp4", "codec": "h264"}
        return self.assets.add(
            **(video | more),
            team_id=team,
            created_by_id=person,
            created_at=kept(at),
            name=name,
            origin=origin.value,
            is_simulated=origin == Asset.Origin.RESULT,
            sha256=digest,
            size_bytes=2_400_000,
            width=1280,
            height=720,
            fps_numerator=24,
            frame_count=120,
            duration_seconds="5",
            outgoing_sha256=digest,
            outgoing_bytes=2_400_000,
        )


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
