"""What is said about takes of the seed: comments, verdicts, tags, stars, ratings, notices, and the log."""

from datetime import datetime, timedelta
from random import Random

from editorapp.generations.states import NEEDS_A_PERSON, State
from editorapp.inbox.models import Notice, NoticeKind
from editorapp.library.models import Mark, Rating, Star, TakeTag
from editorapp.review.models import (
    Comment,
    Decision,
    Playlist,
    PlaylistItem,
    ReviewRequest,
    Seen,
)
from editorapp.teams.models import AuditEntry
from tests.seed.bulk import BulkRows, kept
from tests.seed.people import SeedTeam
from tests.seed.takes import SeedTake
from tests.seed.words import NOTES, TAGS

OF_PLAYLIST = 20
PLAYLIST_EVERY = 500
UNREAD = timedelta(days=2)
COLOURS = ("red", "amber", "green", "blue", "violet")
WRITTEN = (
    *(AuditEntry, Comment, Decision, Mark, Notice, Playlist, PlaylistItem, Rating),
    *(ReviewRequest, Seen, Star, TakeTag),
)


class TalkWriter:
    """Writes what is said about one take after the other."""

    def __init__(self, team: SeedTeam, *, until: datetime, rng: Random) -> None:
        self.team, self.until, self.rng = team, until, rng
        self.rows = {model: BulkRows(model) for model in WRITTEN}
        self.listed = 0

    def write(self, take: SeedTake) -> None:
        """Write what is said about a take, and add it to the words it is found by."""
        if take.team != self.team.pk:
            return
        self._log(take)
        if take.state in NEEDS_A_PERSON:
            self._tell(take, NoticeKind.TROUBLE, f"trouble:{take.pk}", take.person)
        if take.state == State.SUCCEEDED:
            self._comments(take)
            self._decide(take)
            self._marks(take)
            self._rounds(take)

    def finish(self) -> None:
        """Write what waits."""
        for rows in self.rows.values():
            rows.write()

    def _log(self, take: SeedTake) -> None:
        if self.rng.random() < 0.5:
            self.rows[AuditEntry].add(
                team_id=self.team.pk,
                actor_id=take.person,
                actor_name="A creator",
                address="192.0.2.7",
                act="take.canceled" if take.state == State.CANCELED else "take.queued",
                subject=f"take:{take.pk}",
                about=take.prompt[0],
                at=kept(take.at),
            )

    def _decide(self, take: SeedTake) -> None:
        if not take.review:
            return
        is_good = take.review == Decision.Verdict.APPROVED
        note = "" if is_good else self.rng.choice(NOTES)
        pk = self.rows[Decision].add(
            generation_id=take.pk,
            verdict=take.review,
            note=note,
            decided_by_id=self.rng.choice(self.team.reviewers),
            decided_at=kept(take.at),
        )
        if note:
            take.said.append(note)
        self._tell(take, NoticeKind.VERDICT, f"verdict:{pk}", take.person)

    def _comments(self, take: SeedTake) -> None:
        for number in range(self.rng.choices((0, 1, 2, 4), (80, 12, 6, 2))[0]):
            frame, text = self.rng.randrange(100), self.rng.choice(NOTES)
            is_resolved = self.rng.random() < 0.7
            author = self.rng.choice(self.team.everybody)
            pk = self.rows[Comment].add(
                generation_id=take.pk,
                author_id=author,
                text=text,
                first_frame=frame,
                last_frame=frame + 12,
                created_at=kept(take.at),
                resolved_at=kept(take.at) if is_resolved else None,
                resolved_by_id=author if is_resolved else None,
                form_token=f"seed-{number}",
            )
            take.said.append(text)
            self._tell(take, NoticeKind.COMMENT, f"comment:{pk}", take.person)

    def _tell(self, take: SeedTake, kind: NoticeKind, event: str, user: int) -> None:
        is_new = take.at > self.until - UNREAD and self.rng.random() < 0.5
        self.rows[Notice].add(
            team_id=self.team.pk,
            user_id=user,
            kind=kind.value,
            event=event,
            path=f"/takes/{take.pk}",
            actor_name="A reviewer",
            words=f"Something happened to #{take.pk}.",
            at=kept(take.at),
            read_at=None if is_new else kept(take.at),
        )

    def _marks(self, take: SeedTake) -> None:
        rng = self.rng
        for place in set(rng.choices(range(len(TAGS)), k=rng.choices((0, 1, 2), (70, 20, 10))[0])):
            self.rows[TakeTag].add(generation_id=take.pk, tag_id=self.team.tags[place])
            take.said.append(TAGS[place])
        if rng.random() < 0.05:
            self.rows[Star].add(user_id=rng.choice(self.team.everybody), generation_id=take.pk)
        stars = rng.randint(1, 5) if rng.random() < 0.15 else 0
        if stars:
            user = rng.choice(self.team.everybody)
            self.rows[Rating].add(user_id=user, generation_id=take.pk, value=stars)
        if stars or rng.random() < 0.03:
            self.rows[Mark].add(
                generation_id=take.pk,
                team_id=self.team.pk,
                colour=rng.choice(COLOURS) if rng.random() < 0.5 else "",
                rating=stars * 100,
                rated_by=1 if stars else 0,
            )

    def _rounds(self, take: SeedTake) -> None:
        rng, at = self.rng, kept(take.at)
        if rng.random() < 0.1:
            reviewer = rng.choice(self.team.reviewers)
            is_open = rng.random() < 0.02
            self.rows[ReviewRequest].add(
                generation_id=take.pk,
                reviewer_id=reviewer,
                asked_by_id=take.person,
                asked_at=at,
                decided_at=None if is_open else at,
            )
        if rng.random() < 0.2:
            reviewer = rng.choice(self.team.reviewers)
            self.rows[Seen].add(user_id=reviewer, generation_id=take.pk, at=at)
        if take.pk % PLAYLIST_EVERY < OF_PLAYLIST:
            self._list(take)

    def _list(self, take: SeedTake) -> None:
        playlists, number = self.rows[Playlist], take.pk // PLAYLIST_EVERY
        if number != self.listed or not playlists.last:
            self.listed = number
            name = f"Sitting {number + 1}"
            playlists.add(
                team_id=self.team.pk,
                name=name,
                made_by_id=self.team.reviewers[0],
                made_at=kept(take.at),
            )
        place = take.pk % PLAYLIST_EVERY + 1
        self.rows[PlaylistItem].add(playlist_id=playlists.last, generation_id=take.pk, place=place)
