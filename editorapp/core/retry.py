"""Retry policies: for every step that may fail and be repeated, the pauses between its tries, its
end, and what then.

One table, `POLICIES`. Code that schedules another try reads its numbers here; tests walk the whole
table and prove that each step ends within its bound, with the state, the money, the sentence and
the alert that its row says.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

HOUR, DAY = 3600.0, 86_400.0
LONGEST_EXPONENT = 60  # of the backoff: beyond it every pause is the longest


class Action(StrEnum):
    """What a failure of this kind asks for."""

    AGAIN = "try again"  # until the row's end
    GIVE_UP = "give up"  # at once: the same would fail again
    # is told at the row's end, and it is asked on, ever more slowly, for that is free
    PERSON = "a person"


@dataclass(frozen=True)
class RetryPolicy:
    """One kind of failure of one repeated step.

    Backoff: `first_seconds` after the first failure, then `growth` times as long each time, at most
             `longest_seconds`.
    End: after `tries` failures in a row and, both, when they have lasted for `lasts_seconds` (None:
         what the caller names, such as how long a provider keeps a result). So neither a burst of
         failures nor a machine that slept for a day between two tries ends a step.
    What then: `state` of the take, its `money`, what it `says`, and the kind of `alert` that is
         open; `alert_after_seconds` where that opens while it is still tried.
    """

    first_seconds: float = 0.0
    growth: float = 2.0
    longest_seconds: float = 0.0
    tries: int = 1
    lasts_seconds: float | None = 0.0
    action: Action = Action.AGAIN
    state: str = ""  # "": no take is touched by it
    money: str = ""  # "released", "held", "charged"; "": there is none in it
    says: str = ""
    alert: str = ""  # "": whoever waits for it sees how it ended
    alert_after_seconds: float | None = None

    def pause_seconds(self, failures: int, *, least: float = 0.0) -> float:
        """Return how long to wait after so many failures in a row; at least what the other side
        asks for.
        """
        return max(min(self._grown_seconds(failures), self.longest_seconds), least)

    def _grown_seconds(self, failures: int) -> float:
        exponent = min(max(failures - 1, 0), LONGEST_EXPONENT)
        return self.first_seconds * self.growth**exponent

    def pause_of_age_seconds(self, age_seconds: float) -> float:
        """Return how long to wait with what has been tried for so long: the same growth, without a
        count.
        """
        return min(max(age_seconds * (self.growth - 1), self.first_seconds), self.longest_seconds)

    def is_over(
        self,
        failures: int,
        elapsed_seconds: float,
        *,
        lasts_seconds: float | None = None,
    ) -> bool:
        """Is this the end? `lasts_seconds` where the row leaves it to the caller."""
        lasts = self.lasts_seconds if self.lasts_seconds is not None else lasts_seconds
        return failures >= self.tries and lasts is not None and elapsed_seconds >= lasts


ALERT_AFTER = 900.0  # seconds: whoever is not helped by then should not be the only one who knows

# The ends that several steps have.
_refused = partial(RetryPolicy, action=Action.GIVE_UP, state="failed", money="released")
_not_sent = partial(
    RetryPolicy,
    state="failed",
    money="released",
    says="Nothing was sent or charged.",
    alert="not_sent",
    alert_after_seconds=ALERT_AFTER,
)
_not_fetched = partial(
    RetryPolicy,
    state="fetch_failed",
    money="charged",
    says="fetch it again",
    alert="fetch_failed",
)
_lost = partial(
    RetryPolicy,
    2.0,
    2.0,
    60.0,
    tries=5,
    action=Action.PERSON,
    state="lost",
    money="held",
    alert="lost",
)
_unknown = partial(
    RetryPolicy, action=Action.PERSON, state="unknown", money="held", alert="unknown_outcome"
)
_MAY_BE_ACCEPTED = "may have been accepted"
# The account is switched off, or has no readable key: a person did that, so it may last over a
# weekend.
_CLOSED = _not_sent(15.0, 1.2, 30.0, tries=20, lasts_seconds=3 * DAY)

POLICIES: dict[str, RetryPolicy] = {
    # Begin: a file on its way to a provider; free, and nothing is sent with it yet. The money is
    # held meanwhile.
    #
    # Its storage refuses the bytes at the address that it gave itself: perhaps that has expired, so
    # once more with a fresh one, and once more. These tries follow one another within one transfer.
    "stage.address_refused": _not_sent(0.2, 3.0, 2.0, tries=3, alert_after_seconds=None),
    # The provider has looked at the file and does not take it, or refuses the key.
    "stage.refused": _refused(says="take this file"),
    # No answer, a 5xx, a broken connection, a 429, our own storage away: half a day, a few dozen
    # uploads at the most.
    "stage.unavailable": _not_sent(2.0, 2.0, 1800.0, tries=10, lasts_seconds=12 * HOUR),
    # An error of ours.
    "stage.fault": _not_sent(5.0, 4.0, 1800.0, tries=6),
    "stage.closed": _CLOSED,
    # What looks after an upload until the provider says that it is ready: one try of the step
    # above.
    "stage.ready": RetryPolicy(0.2, 1.5, 3.0, lasts_seconds=300.0),
    #
    # The paid post, where it certainly was not accepted. All that waits for the account waits with
    # it.
    "post.unreachable": _not_sent(2.0, 2.0, 60.0, tries=20, lasts_seconds=DAY),
    "post.throttled": _not_sent(
        1.0, 1.5, 30.0, tries=20, lasts_seconds=DAY, alert_after_seconds=HOUR
    ),
    # A file that lay there from an earlier take is refused now: forgotten, and uploaded anew once.
    "post.file_refused": RetryPolicy(
        2.0, 2.0, 60.0, tries=2, state="failed", money="released", says="file"
    ),
    "post.refused": _refused(says="refused"),
    "post.fault": _refused(says="Nothing was sent or charged."),
    "post.closed": _CLOSED,
    # Perhaps accepted: never sent again; see the searches below.
    "post.unknown": _unknown(says=_MAY_BE_ACCEPTED),
    #
    # A job that is followed. Polls are free, and its money is spent or held either way.
    "poll.error": RetryPolicy(
        2.0,
        2.0,
        60.0,
        tries=2,
        lasts_seconds=None,
        action=Action.PERSON,
        state="running",
        money="held",
        says="takes longer",
        alert="overdue",
    ),
    "poll.unknown_job": _lost(lasts_seconds=900.0, says="does not know"),
    # What cannot be read may be a page of maintenance, the same for all jobs: as long as for a job
    # that is not known.
    "poll.unreadable": _lost(lasts_seconds=900.0, says="cannot be read"),
    # What can be read and that no row takes.
    "poll.unwritable": _lost(lasts_seconds=300.0, says="cannot be written down"),
    # The job is done and charged, and its fresh links cannot be asked for.
    "poll.fresh_links": _not_fetched(2.0, 2.0, 60.0, tries=8, lasts_seconds=None),
    #
    # A paid result on its way home: for as long as the provider keeps it, unless the fault is
    # plainly not the way's.
    "fetch.expired": _not_fetched(0.5, 2.0, HOUR, tries=8, lasts_seconds=None),
    # A 5xx, a cut, an error page or nothing for a file, a file whose length nobody announced and
    # that does not decode.
    "fetch.cut": _not_fetched(2.0, 2.0, HOUR, tries=8, lasts_seconds=None),
    "fetch.not_allowed": _not_fetched(2.0, 2.0, HOUR, tries=8, lasts_seconds=None),
    # Whole, and no video that can be used: the same bytes over a fresh link are the provider's own.
    "fetch.unusable": _not_fetched(30.0, 2.0, HOUR, tries=2),
    "fetch.bad_link": _not_fetched(2.0, 4.0, HOUR, tries=6),
    "fetch.fault": _not_fetched(10.0, 4.0, HOUR, tries=6, lasts_seconds=HOUR),
    #
    # A post of unknown outcome, looked for in the provider's own list. Money moves only where that
    # list is proof.
    "search.not_listed": RetryPolicy(
        30.0,
        1.5,
        900.0,
        tries=3,
        lasts_seconds=HOUR,
        state="failed",
        money="released",
        says="never",
    ),
    "search.unreadable": _unknown(30.0, 1.5, 900.0, lasts_seconds=HOUR, says=_MAY_BE_ACCEPTED),
    # A person knows; it is looked for on, because it may become plain, until then.
    "search.watched": _unknown(30.0, 1.5, 900.0, lasts_seconds=DAY),
    #
    # What holds no money.
    # A person waits at the form.
    "price.unavailable": RetryPolicy(1.0, 2.0, 10.0, tries=3),
    "price.refused": RetryPolicy(action=Action.GIVE_UP),
    "learn.failed": RetryPolicy(
        action=Action.GIVE_UP, alert="account"
    ),  # and tested anew a day later
    # The opening of an alert is told for as long as it is open, its end only while that is news.
    "tell.opening": RetryPolicy(30.0, 2.0, HOUR, tries=12, lasts_seconds=30 * DAY),
    "tell.end": RetryPolicy(30.0, 2.0, HOUR, tries=12),
    # A person was told by a notice on their page anyway.
    "notice.mail": RetryPolicy(30.0, 2.0, HOUR, tries=12, lasts_seconds=DAY),
    "webhook.delivery": RetryPolicy(10.0, 3.0, 6 * HOUR, tries=8, lasts_seconds=DAY),
    # A playable copy whose worker was killed, or for which there was no room: each hour at first.
    "copy.lost": RetryPolicy(HOUR, 2.0, 7 * DAY, tries=8),
    "copy.failed": RetryPolicy(action=Action.GIVE_UP),
    # A part or a copy of a source whose worker was killed. A person waits for it.
    "cut.lost": RetryPolicy(60.0, 1.0, 60.0, tries=3),
    # A decoder that was killed from outside: by a machine short of memory, or by the stop of the
    # server.
    "decode.killed": RetryPolicy(0.1, 5.0, 1.0, tries=3),
    # By botocore, within one call.
    "bucket.call": RetryPolicy(1.0, 2.0, 20.0, tries=3),
    "bucket.copy": RetryPolicy(0.0, 1.0, 0.0, tries=3),  # under a lock of its own
    # A wake-up that no worker answers. The engine's own sign of life says when that needs somebody.
    "wake.unanswered": RetryPolicy(
        10.0, 1.0, 10.0, lasts_seconds=60.0, action=Action.PERSON, alert="engine"
    ),
    # Answers that our own database does not take now: kept, and written before anything new is
    # asked.
    "write.answer": RetryPolicy(0.2, 2.0, 5.0, lasts_seconds=None),
    # A look or a sweep of the ticker that fails for itself.
    "chore.fault": RetryPolicy(tries=3, action=Action.PERSON, alert="fault"),
}


def policy(name: str) -> RetryPolicy:
    """Return the row of a step and its kind of failure, such as "stage.unavailable".

    Raises: KeyError.
    """
    return POLICIES[name]
