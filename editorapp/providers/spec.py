"""What a provider's module says of itself, as data: parameters, rules, limits."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest, Ref, Task

ALL_TASKS = frozenset(Task)


class Kind(StrEnum):
    """What a parameter's value is, which decides how it is written, read and shown."""

    TEXT = "text"
    CHOICE = "choice"
    FLAG = "flag"
    NUMBER = "number"
    REF = "ref"
    REFS = "refs"
    INDEXES = "indexes"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One thing that can be said to a provider: where it goes in the body, and how a person is told about it.

    `default` describes what the provider does when nothing is said; it is never sent.
    `switch` names the flag that must not be False for this one to be sent (a control's own value).
    """

    field: str  # attribute of GenerationRequest
    wire: str  # path in the body: "video.edit.controls.depth.blur"
    kind: Kind
    label: str
    source: str  # the contract's section and its tag
    tasks: frozenset[str] = ALL_TASKS
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    unit: str = ""
    default: str = ""
    help: str = ""
    switch: str = ""
    misplaced: str = ""  # the rule that a body breaks when it says this here for another task

    @cached_property
    def path(self) -> tuple[str, ...]:
        return tuple(self.wire.split("."))


REFUSE = "refuse"  # not sent: the provider would refuse it, or it would be money for nothing
WARN = "warn"  # sent, but the person should know
OFFER = "offer"  # the provider would take it, but the page offers one of the two at a time


@dataclass(frozen=True)
class Mend:
    """A way out of a broken rule, as one button: the form fields to change and their new values.

    Keys are form fields (attributes of GenerationRequest, `conditioning`, `guides`, `source_media_type`, and
    `keyframe_index` as the whole list) and two that the page carries out itself: `trim_to_seconds` keeps the start of
    the source and the keyframes in it, `drop_keyframes` lists the positions of keyframes to take away.
    """

    label: str
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Broken:
    """A rule that a request breaks: a sentence for a person, and what the provider would answer."""

    rule_id: str
    field: str  # "prompt", "keyframes.3"
    level: str
    message: str
    mends: tuple[Mend, ...] = ()
    status: int = 400
    detail: str = ""

    @property
    def is_refusal(self) -> bool:
        return self.level == REFUSE

    @property
    def family(self) -> str:
        """The contract's rule: "E8" for "E8.unknown"."""
        return self.rule_id.split(".")[0]


@dataclass(frozen=True)
class Unavailable:
    """Why an option cannot be added to the present choice, and the change that would allow it."""

    reason: str
    mend: Mend | None = None


class Hit:
    """One finding of a rule: the field (None: the rule's own) and the words that its sentence needs."""

    __slots__ = ("field", "words")

    def __init__(self, field: str | None = None, **words: Any) -> None:
        self.field = field
        self.words = words


@dataclass(frozen=True)
class Limits:
    """The figures of a provider that rules and prices share. None: nothing is documented."""

    max_source_seconds: Mapping[str, float | None]  # by task
    max_inline_bytes: int | None  # a source by URL or base64
    max_file_bytes: int | None  # a source by upload
    max_image_bytes: int | None
    prompt_max: int
    max_keyframes: int
    warn_keyframes: int
    resolutions: tuple[str, ...]
    hdr_resolutions: tuple[str, ...]
    aspect_ratios: tuple[str, ...]
    durations: tuple[str, ...] = ("5s", "10s")
    grid_fps: int = 24  # keyframes of a generation lie on this grid
    user_id_max: int = 256
    output_url_seconds: int = 3600
    requests_per_minute: int = 30
    max_concurrent: int = 10

    @cached_property
    def sdr_resolutions(self) -> tuple[str, ...]:
        """The sizes at which there is no HDR."""
        return tuple(size for size in self.resolutions if size not in self.hdr_resolutions)


Condition = Callable[[GenerationRequest, MediaFacts | None, Limits], bool | Iterable[Hit]]
RefCondition = Callable[[str, Ref, Limits], bool | Iterable[Hit]]
Mends = Callable[[GenerationRequest, MediaFacts | None, Limits, Mapping[str, Any]], tuple[Mend, ...]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of the rule table.

    `message` (and `why`, which greys an option out) are templates: `wanted`, `source`, `limits`, `name` of the
    provider, and the hit's words. `detail` and `status` are what the provider answers; a detail that the contract
    does not quote is our own wording. Exactly one of `broken` and `each_ref` is set: the second judges every clip
    and picture named, with its path.
    """

    id: str
    field: str
    summary: str  # the rule itself in one line, for the documentation
    message: str
    source: str
    level: str = REFUSE
    tasks: frozenset[str] = ALL_TASKS
    broken: Condition | None = None
    each_ref: RefCondition | None = None
    why: str = ""
    status: int = 400
    detail: str = ""
    mends: Mends | None = None

    @property
    def is_ours(self) -> bool:
        """Is this caution of our own, that the provider does not document?"""
        return self.source.startswith("ours")


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A provider as data."""

    slug: str
    name: str
    models: tuple[str, ...]
    tasks: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    rules: tuple[Rule, ...]
    limits: Limits
    wire_types: Mapping[str, str] = field(default_factory=dict)  # task -> the body's word for it

    @cached_property
    def _by_task(self) -> dict[str, tuple[tuple[Rule, ...], tuple[Rule, ...]]]:
        return {}

    def rules_for(self, task: str) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
        """Return the rules of a task: those about the request as a whole, and those about each clip or picture.

        A task that the provider does not have is judged by the rules that hold for all.
        """
        if task not in self._by_task:
            is_known = task in self.tasks
            mine = [rule for rule in self.rules if (task in rule.tasks if is_known else rule.tasks == ALL_TASKS)]
            self._by_task[task] = (
                tuple(rule for rule in mine if rule.broken is not None),
                tuple(rule for rule in mine if rule.each_ref is not None),
            )
        return self._by_task[task]

    def parameters_for(self, task: str) -> tuple[Parameter, ...]:
        return tuple(row for row in self.parameters if task in row.tasks)

    def parameter(self, name: str, task: str) -> Parameter | None:
        """Return the row of a request's attribute for a task; None where the provider has no such parameter."""
        return next((row for row in self.parameters if row.field == name and task in row.tasks), None)

    def wire_path(self, name: str, task: str) -> str:
        """Return where a field lies in the body: "keyframes.3" -> "video.edit.keyframes[3]"."""
        head, _, index = name.partition(".")
        row = self.parameter(head, task)
        path = row.wire if row else head
        return f"{path}[{index}]" if index else path
