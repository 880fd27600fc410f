"""Every fault that the simulator can play, for every provider, and what must come of it.

Read by test_faults.py.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from editorapp.generations.states import State

KEPT = ["reserve"]
RELEASED = ["reserve", "release"]
CHARGED = ["reserve", "charge"]
NOTHING: list[str] = []
LUMA, GMI, SCENARIO = "luma-agents", "gmi-cloud", "scenario"
NOT_REFUNDED = "reframe-video"  # a failure of this model of Scenario's is charged

# Which calls of each provider can go wrong: Luma shows no list and publishes its prices; GMI's
# files are complete when they are put, and Scenario's and Luma's have to be completed.
FILES = {"upload", "put", "complete", "file"}
CALLS_OF = {
    LUMA: {"submit", "poll", "job", "download", *FILES},
    GMI: {"submit", "poll", "job", "download", "upload", "put", "list", "price"},
    SCENARIO: {"submit", "poll", "job", "download", *FILES, "list", "price"},
}
REASONS = (
    "content_moderated",
    "generation_failed",
    "output_not_found",
    "budget_exhausted",
    "image_too_large",
    "unsupported_format",
    "corrupt_input",
    "invalid_request",
    "rate_limited",
    "cancelled",
)


@dataclass(frozen=True)
class Case:
    """One fault at a call, or several one after the other, and what must come of it.

    `state` is where the generation ends, or for a price that was asked for, where that does;
    `lines` the ledger's kinds, each of the whole estimate; `paid` how many jobs the provider took;
    `alert` what is open in the end; `says` what the person is told among the rest. `needs` is what
    must be uploaded for the request: "" nothing, "clip" or "picture"; `model` where it matters.
    """

    call: str
    kinds: tuple[str, ...]
    state: str
    lines: list[str]
    paid: int
    slug: str = LUMA
    times: int = 1
    says: str = ""
    alert: str = ""
    needs: str = ""
    model: str = "ray-3.2"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        words = [
            self.slug,
            self.call,
            *self.kinds,
            f"x{self.times}" if self.times > 1 else "",
            self.needs,
        ]
        return " ".join(
            word for word in [*words, self.model if self.model != "ray-3.2" else ""] if word
        )


OK = (State.SUCCEEDED, CHARGED)
REFUSED = (State.FAILED, RELEASED)
COUNTED = (State.FAILED, CHARGED)
UNKNOWN = (State.UNKNOWN, KEPT)
NOT_FETCHED = (State.FETCH_FAILED, CHARGED)


def at(
    call: str, kinds: str | tuple[str, ...], ends: tuple[str, list[str]], paid: int, **more: Any
) -> Case:
    return Case(call, (kinds,) if isinstance(kinds, str) else kinds, *ends, paid, **more)


def each(
    call: str, kinds: tuple[str, ...], ends: tuple[str, list[str]], paid: int, **more: Any
) -> list[Case]:
    """Return a case of its own for each kind at a call, all with the same end."""
    return [at(call, kind, ends, paid, **more) for kind in kinds]


LOST_ANSWER = ("hang", "accept_then_reset")  # the job is made, and we are not told
NO_ANSWER = (
    "status:409",
    "status:500",
    "status:502",
    "status:503",
    "status:504",
    "hang_before",
    "reset",
)  # nor is it
# A free call is made again, whatever went wrong with it.
AGAIN = (
    "status:500",
    "hang",
    "hang_before",
    "reset",
    "accept_then_reset",
    "slow:0.3",
    "status:503",
)
REFUSED_FOR_GOOD = (
    "status:400",
    "status:403",
    "status:413",
)  # by a storage, at the address that it was given
SPOILED = ("corrupt", "truncated", "empty")

# What every provider's protocol has in common.
EVERYWHERE = [
    # The paid call. A definite refusal costs nothing; any doubt is unknown and keeps the money
    # held.
    *each("submit", ("status:400", "status:404", "status:422"), REFUSED, 0, says="refused this"),
    at("submit", "status:401", REFUSED, 0, says="key", alert="account"),
    at("submit", "status:402", REFUSED, 0, says="funds", alert="account"),
    at("submit", "status:403", REFUSED, 0, says="does not let this account in", alert="account"),
    at("submit", "status:429", OK, 1, options={"retry_after": 1}),
    at("submit", "status:429", OK, 1, times=3, options={"retry_after": 7}),
    at("submit", "slow:0.3", OK, 1),
    # Polls are free: whatever goes wrong, the job is followed on. That the account was refused
    # stays to be looked at.
    at("poll", ("status:400", "status:404", "status:429", *AGAIN), OK, 1),
    at("poll", ("status:401", "status:403"), OK, 1, alert="account"),
    at("poll", "status:404", (State.LOST, KEPT), 1, times=1000, says="does not know", alert="lost"),
    # The job.
    at("job", "slow:0.3", OK, 1),
    # The result: it is paid, so it is fetched until it is whole, or can be fetched by hand.
    at("download", ("cut", "trickle:0.3"), OK, 1),
    at("download", "cut", OK, 1, times=6),
    at("download", AGAIN, OK, 1),
    at("download", "expired", OK, 1, times=2),
    at("download", SPOILED, OK, 1),
    at("download", "corrupt", OK, 1, times=2),
    *each(
        "download",
        ("expired", "status:503"),
        NOT_FETCHED,
        1,
        times=1000,
        says="fetch it again",
        alert="fetch_failed",
    ),
    # Noise, a cut file and nothing say nothing of the result: they are met with the patience for a
    # 5xx.
    *each("job", SPOILED, NOT_FETCHED, 1, says="fetch it again", alert="fetch_failed"),
]
LUMA_ONLY = [
    *each("submit", NO_ANSWER, UNKNOWN, 0, says="may have", alert="unknown_outcome"),
    *each("submit", LOST_ANSWER, UNKNOWN, 1, says="may have", alert="unknown_outcome"),
    at("submit", "status:413", REFUSED, 0, says="refused this"),
    at("job", "no_output", NOT_FETCHED, 1, says="names no video", alert="fetch_failed"),
    # Released where documented as refunded, else counted as spent.
    *each("job", tuple(f"fail:{code}" for code in REASONS[:3]), REFUSED, 1),
    *each(
        "job", tuple(f"fail:{code}" for code in REASONS[3:]), COUNTED, 1, says="counted as spent"
    ),
    at("poll", "fail:generation_failed", REFUSED, 1),
    # The upload of the source: free and repeated.
    *(at(call, AGAIN, OK, 1, needs="clip") for call in ("upload", "put", "complete", "file")),
    at("upload", "status:429", OK, 1, needs="clip", options={"retry_after": 2}),
    at("put", "status:403", OK, 1, needs="clip"),
    *each(
        "put",
        REFUSED_FOR_GOOD,
        REFUSED,
        0,
        needs="clip",
        times=1000,
        says="was sent or charged",
        alert="not_sent",
    ),
    at("complete", "fail:unsupported_format", REFUSED, 0, needs="clip", says="format"),
    at("upload", "status:401", REFUSED, 0, needs="clip", says="key", alert="account"),
]
GMI_ONLY = [
    # Its list shows what was accepted, and does not prove what was not.
    *each("submit", NO_ANSWER, UNKNOWN, 0, says="may have", alert="unknown_outcome"),
    *each("submit", LOST_ANSWER, OK, 1),
    at("job", "no_output", COUNTED, 1, says="Its support can look the request up"),
    # No refund is documented, whatever the reason: counted as spent, and said so.
    *each("job", tuple(f"fail:{code}" for code in REASONS), COUNTED, 1, says="counted as spent"),
    at("poll", "fail:generation_failed", COUNTED, 1, says="counted as spent"),
    # A clip travels in the paid request: nothing of it is uploaded before.
    at("upload", "status:500", OK, 1, needs="clip", times=1000),
    at("submit", "status:413", REFUSED, 0, needs="clip", says="trim the clip"),
    # The list does not show a clip whole, so it cannot prove that a job is this one.
    at("submit", "hang", UNKNOWN, 1, needs="clip", says="may have", alert="unknown_outcome"),
    # Pictures are put at an address.
    *(at(call, AGAIN, OK, 1, needs="picture") for call in ("upload", "put")),
    at("upload", "status:429", OK, 1, needs="picture", options={"retry_after": 2}),
    at(
        "put",
        "status:413",
        REFUSED,
        0,
        needs="picture",
        times=1000,
        says="make it smaller",
        alert="not_sent",
    ),
    at("upload", "status:401", REFUSED, 0, needs="picture", says="key", alert="account"),
]
SCENARIO_ONLY = [
    # Its list leaves nothing out: what was accepted is found, and what was not is released.
    *each("submit", NO_ANSWER, REFUSED, 0, says="never received"),
    *each("submit", LOST_ANSWER, OK, 1),
    at("submit", "status:413", REFUSED, 0, says="refused this"),
    at("job", "no_output", COUNTED, 1, says="Ask Scenario about job"),
    # Failed jobs are refunded, unless the model's are not; then they cost what Scenario says.
    *each("job", tuple(f"fail:{code}" for code in REASONS), REFUSED, 1),
    at("poll", "fail:generation_failed", REFUSED, 1),
    at("job", "fail:generation_failed", COUNTED, 1, needs="clip", model=NOT_REFUNDED),
    # The upload, in parts: free and repeated.
    *(at(call, AGAIN, OK, 1, needs="clip") for call in ("upload", "put", "complete", "file")),
    at("put", "status:403", OK, 1, needs="clip"),
    at(
        "put",
        "status:400",
        REFUSED,
        0,
        needs="clip",
        times=1000,
        says="was sent or charged",
        alert="not_sent",
    ),
    at("complete", "fail:unsupported_format", REFUSED, 0, needs="clip", says="format"),
    at("upload", "status:401", REFUSED, 0, needs="clip", says="key", alert="account"),
    # A picture goes in one call.
    at("upload", "status:500", OK, 1, needs="picture"),
    # Reading the finished asset is a second call of the poll.
    at("file", AGAIN, OK, 1),
]
# The list in which an unknown outcome is looked up: free, and made again.
LISTS = [
    at("list", AGAIN, OK, 1),
    at("list", "status:401", OK, 1),
    at("list", "status:429", OK, 1, options={"retry_after": 2}),
    at("list", ("lag:3600", "filled"), OK, 1),
    at("list", "bare", UNKNOWN, 1, times=1000, says="may have", alert="unknown_outcome"),
    at("list", "status:503", UNKNOWN, 1, times=1000, says="may have", alert="unknown_outcome"),
]
# A price that is not known: nothing is queued, nothing is held.
KNOWN, NOT_KNOWN = ("known", NOTHING), ("failed", NOTHING)
PRICES = [
    at("price", ("status:429", "status:503", "slow:0.3"), KNOWN, 0),
    at("price", "status:400", NOT_KNOWN, 0, says="refused this"),
    at("price", "status:404", NOT_KNOWN, 0, says="does not know it"),
    at("price", "status:500", NOT_KNOWN, 0, times=1000, says="has a problem"),
    at("price", "status:401", NOT_KNOWN, 0, says="key"),
    at("price", "status:403", NOT_KNOWN, 0, says="does not let this account in"),
    *each(
        "price",
        ("reset", "accept_then_reset", "hang", "hang_before"),
        NOT_KNOWN,
        0,
        times=1000,
        says="did not answer",
    ),
]
OWN = {
    LUMA: LUMA_ONLY,
    GMI: [*GMI_ONLY, *LISTS, *PRICES],
    SCENARIO: [*SCENARIO_ONLY, *LISTS, *PRICES],
}
CASES = [replace(case, slug=slug) for slug, own in OWN.items() for case in [*EVERYWHERE, *own]]
