"""What a row of the table says, and how each can end."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from editorapp.generations.states import State
from tests.hostile.server import Spoil
from tests.hostile.wires import WIRES

LUMA, GMI, SCENARIO = (wire.slug for wire in WIRES)
EVERYWHERE = (LUMA, GMI, SCENARIO)
# Where a row misbehaves: at a call of the wire; at the answer that holds the result's link; at the
# result's file.
SUBMIT, POLL, LINK, FILE, LIST = "submit", "poll", "link", "file", "list"
UPLOAD, PUT, COMPLETE = UPLOADING = ("upload", "put", "complete")


@dataclass(frozen=True)
class End:
    """What must come of a row: its state, the ledger's kinds, a part of what is shown, the alerts
    that are open.

    `posts` is how many paid posts were made, exactly; `most` how many calls of the place that
    misbehaves, at most.
    """

    state: str
    lines: tuple[str, ...]
    says: str = ""
    alerts: frozenset[str] = frozenset()
    posts: int = 1
    most: int = 60


def _end(state: str, lines: tuple[str, ...], says: str = "", *alerts: str, **more: int) -> End:
    return End(state, lines, says, frozenset(alerts), **more)


CHARGED, RELEASED, HELD = ("reserve", "charge"), ("reserve", "release"), ("reserve",)
OK = _end(State.SUCCEEDED, CHARGED, most=3)
# The paid call: in doubt it is a person's; a definite refusal gives the money back.
UNKNOWN = _end(State.UNKNOWN, HELD, "may have been accepted", "unknown_outcome", most=1)
REFUSED = _end(State.FAILED, RELEASED, most=1)
NO_ACCOUNT = _end(State.FAILED, RELEASED, "", "account", most=1)
# Before the paid call: nothing was sent, and nothing is charged.
NOT_SENT = _end(State.FAILED, RELEASED, "Nothing was sent or charged", "not_sent", posts=0)
NOT_TAKEN = _end(State.FAILED, RELEASED, "does not take this file", posts=0, most=2)
# A job that is followed: it failed; nobody can say what became of it; it is followed on, and a
# person knows.
COUNTED = _end(State.FAILED, CHARGED, "counted as spent", most=3)
BACK = _end(State.FAILED, RELEASED, most=3)
CHARGED_ANYWAY = _end(State.FAILED, CHARGED, "names a price for it", most=3)
FAILED = {
    LUMA: COUNTED,
    GMI: COUNTED,
    SCENARIO: BACK,
}  # Scenario refunds what it calls failed or canceled ...
ENDED = {
    LUMA: COUNTED,
    GMI: COUNTED,
    SCENARIO: CHARGED_ANYWAY,
}  # ... and says nothing of other ends, but its price
LOST = _end(State.LOST, HELD, "does not know", "lost")
NOT_READ = _end(State.LOST, HELD, "cannot be read", "lost")
OVERDUE = _end(State.RUNNING, HELD, "longer than", "overdue", most=250)
ODD_STATE = _end(State.RUNNING, HELD, "a state that", "overdue", most=250)
# A result: it is paid, so it is fetched for as long as the provider keeps it, and may be fetched
# again by hand.
NOT_FETCHED = _end(State.FETCH_FAILED, CHARGED, "etch it again", "fetch_failed")
NO_OUTPUT = {LUMA: NOT_FETCHED, GMI: COUNTED, SCENARIO: CHARGED_ANYWAY}
ODD_PRICE = _end(State.SUCCEEDED, CHARGED, "price", "price", most=3)


@dataclass(frozen=True)
class Row:
    """One way to misbehave.

    `end` may differ between the wires; `wait` is for how long the call must not be made again, at
    least and at most, in seconds; `also` is how other calls misbehave beside it; `is_silent`: some
    answer never comes.
    """

    name: str
    where: str
    spoil: Spoil
    end: End | dict[str, End]
    wires: Sequence[str] = EVERYWHERE
    wait: tuple[float, float] | None = None
    is_silent: bool = False
    also: dict[str, Spoil] = field(default_factory=dict)
    is_shared: bool = False  # what meets it is the same code for all, although it is about a field

    @property
    def id(self) -> str:
        return f"{self.where}: {self.name}"

    @property
    def is_common(self) -> bool:
        """Is it met by code that all wires share, and may one of them stand for all?"""
        return len(self.wires) > 1 and (self.is_shared or not self.spoil.is_about_a_field)

    @property
    def is_gentle(self) -> bool:
        """Does it do nothing to its account, so that it may share one?"""
        calls = (POLL, "asset", LINK, FILE)
        return self.where in calls and not (
            self.is_silent or self.wait or self.also or self.spoil.is_refusal
        )

    def ends_at(self, slug: str) -> End:
        return self.end[slug] if isinstance(self.end, dict) else self.end
