"""Job matching: what a provider's own list of jobs shows of a paid call: which jobs it could be, and how sure
that is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from editorapp.generations.engine.dispatcher import extra_seconds
from editorapp.generations.engine.post_outcomes import POST_LEASE
from editorapp.generations.models import Attempt
from editorapp.generations.provider_calls import call
from editorapp.generations.states import State
from editorapp.providers import registry
from editorapp.providers.contract import Listed, Listing
from editorapp.providers.http.inline_body import as_written
from editorapp.providers.job_matching import JobMatch, compare, could_be
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import Model

LIST_SECONDS = 90.0
SETTLED_AFTER = timedelta(seconds=60)  # on top of the longest that a post can be under way
# Clocks differ, and a queue may write a job down late.
EARLIER = timedelta(minutes=2)
LATER = timedelta(minutes=10)
# Before anything is released: clocks may differ by more than anybody thinks.
WIDE = timedelta(days=1)


@dataclass(frozen=True)
class Candidate:
    """A job that is on none of our rows.

    `is_near`: it was made when the post was, or may have been, under way.
    """

    job: Listed
    match: JobMatch
    is_near: bool

    def to_json(self) -> dict[str, str]:
        at = self.job.created_at.isoformat()
        return {"job_id": self.job.job_id, "created_at": at, "likeness": self.match}


@dataclass(frozen=True)
class Found:
    """All that an attempt could be, the likeliest first."""

    candidates: tuple[Candidate, ...]

    @property
    def same(self) -> list[Listed]:
        """Return the jobs of that time that are plainly this request."""
        return self._near(JobMatch.SAME)

    @property
    def unclear(self) -> list[Listed]:
        return self._near(JobMatch.UNCLEAR)

    def _near(self, match: JobMatch) -> list[Listed]:
        return [one.job for one in self.candidates if one.is_near and one.match is match]


def first_look_at(attempt: Attempt) -> datetime:
    """Return when a post surely has ended, for the provider too: sooner, another of ours may still
    be on its way.
    """
    files = timedelta(seconds=extra_seconds(as_written(attempt.request_body)))  # in its body
    return _began_by(attempt) + POST_LEASE + files + SETTLED_AFTER


def _began_by(attempt: Attempt) -> datetime:
    """Return when its post had begun at the latest."""
    return attempt.perhaps_sent_until or attempt.submit_started_at or attempt.created_at


def read(account: ProviderAccount, attempts: Sequence[Attempt], *, wide: bool) -> Listing:
    """Read an account's list as far as these attempts need it. `wide`: a day more on both sides.

    Call it outside a transaction.

    Raises: ProviderError; TimeoutError.
    """
    windows = [_window(attempt) for attempt in attempts]
    more = WIDE if wide else timedelta()
    listing: Listing = call(
        account.access(),
        "recent",
        within_seconds=LIST_SECONDS,
        since=min(since for since, _until in windows) - more,
        until=max(until for _since, until in windows) + more,
        models={_model(attempt).model_id for attempt in attempts},
    )
    return listing


def found(attempt: Attempt, listing: Listing) -> Found:
    """Return the jobs that an attempt could be: by body where the list shows it, else by its words
    or its time.
    """
    path = registry.get(attempt.account.provider).endpoint(attempt.generation.wanted)
    jobs = [one for one in listing.jobs if one.path in ("", path)]
    ours = Attempt.objects.filter(
        account__provider=attempt.account.provider,
        provider_job_id__in=[one.job_id for one in jobs],
    )
    taken = set(ours.values_list("provider_job_id", flat=True))
    seen = _candidates(attempt, [one for one in jobs if one.job_id not in taken])
    order = list(JobMatch)
    likeliest = sorted(seen, key=lambda one: (not one.is_near, order.index(one.match)))
    return Found(tuple(likeliest))


def _candidates(attempt: Attempt, jobs: Iterable[Listed]) -> Iterator[Candidate]:
    """Compare each job; leave out what is plainly another."""
    since, until = _window(attempt)
    model = _model(attempt)
    sent = attempt.request_body or {}
    for job in jobs:
        # Another by its settings, or made at another time, yet with the same words: nobody may say
        # that it never arrived.
        if could_be(sent, job.body, model, attempt.account.spec.models):
            is_near = since <= job.created_at <= until
            yield Candidate(job, compare(sent, job.body, model), is_near)


def twins(attempt: Attempt) -> list[Attempt]:
    """Return other posts of ours of the same time and body that a job without a row could belong to
    as well.
    """
    since, until = _window(attempt)
    others = Attempt.objects.filter(
        Q(state__in=(State.SUBMITTING, State.UNKNOWN)) | Q(search__isnull=False),
        Q(submit_started_at__range=(since, until))
        | Q(perhaps_sent_from__lte=until, perhaps_sent_until__gte=since),
        provider_job_id=None,
        account__provider=attempt.account.provider,
    ).exclude(pk=attempt.pk)
    model = _model(attempt)
    sent = attempt.request_body or {}
    return [one for one in others if compare(sent, one.request_body, model) is not JobMatch.OTHER]


def _window(attempt: Attempt) -> tuple[datetime, datetime]:
    began = attempt.perhaps_sent_from or attempt.submit_started_at or attempt.created_at
    return began - EARLIER, first_look_at(attempt) + LATER


def _model(attempt: Attempt) -> Model:
    return attempt.account.spec.model_for(attempt.generation.wanted)
