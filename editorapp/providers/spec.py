"""What a provider's module says of itself, as data: parameters, rules, limits."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from dataclasses import field as made
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest, Ref, Task

ALL_TASKS = frozenset(Task)


class ParameterKind(StrEnum):
    """What a parameter's value is, which decides how it is written, read and shown."""

    TEXT = "text"
    CHOICE = "choice"
    CHOICES = "choices"  # a list of them
    FLAG = "flag"
    NUMBER = "number"
    REF = "ref"
    REFS = "refs"
    INDEXES = "indexes"
    # keyframes and their positions in one list of objects; the keys are in the limits
    PINNED = "pinned"


class StoredAs(StrEnum):
    """How a stored file of ours reaches the provider: what `stage` makes of it, or inside the paid
    request.
    """

    FILE = "file_id"  # `stage` uploads it and names it
    URL = "url"  # `stage` puts it where it can be read
    INLINE = "data"  # it travels in the body, as base64


class Auth(StrEnum):
    """What the Authorization header holds."""

    BEARER = "Bearer"
    BASIC = "Basic"  # base64 of "key:secret"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One thing that can be said to a provider: where it goes in the body, and how a person is told
    about it.

    `default` describes what the provider does when nothing is said; it is never sent. `switch`
    names the flag that must not be False for this one to be sent (a control's own value).
    `carriers` are for a reference: where each attribute of Ref goes ({"url":
    "payload.start_frame_url"}); without them it is written as a media object at `path`. `values`
    maps our words to the provider's ("5s" to the number 5). `is_ignored`: taken without effect, so
    read but never written. `nothing` are words of the provider's that say no more than leaving the
    parameter out: read, never written.
    """

    field: str  # attribute of GenerationRequest
    path: str  # where it stands in the body: "video.edit.controls.depth.blur"
    kind: ParameterKind
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
    carriers: Mapping[str, str] = made(default_factory=dict)
    stored_as: StoredAs = StoredAs.FILE
    values: Mapping[str, Any] = made(default_factory=dict)
    nothing: tuple[str, ...] = ()
    is_required: bool = False
    is_ignored: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """Return every place in the body that this row reads or writes."""
        return tuple(dict.fromkeys(self.carriers.values())) or (self.path,)


REFUSE = "refuse"  # not sent: the provider would refuse it, or it would be money for nothing
WARN = "warn"  # sent, but the person should know
OFFER = "offer"  # the provider would take it, but the page offers one of the two at a time


@dataclass(frozen=True)
class Fix:
    """A fix of a broken rule, as one button: the form fields to change and their new values.

    Keys are form fields (attributes of GenerationRequest, `conditioning`, `guides`,
    `source_media_type`, and `keyframe_index` as the whole list) and those that the page carries out
    itself: `trim_to_seconds` keeps the start of the source and the keyframes in it, `mp4_copy` puts
    an MP4 copy of the whole source in its place, of `copy_size` ("1280x720"), with `copy_fps`
    frames a second, of at most `copy_bytes`, where they are said; `drop_keyframes` lists the
    positions of keyframes to take away. `ask` changes nothing: it asks that account what the draft
    would cost there.
    """

    label: str
    changes: Mapping[str, Any]


Fixes = tuple[Fix, ...]


@dataclass(frozen=True)
class Broken:
    """A rule that a request breaks: a sentence for a person, and what the provider would answer."""

    rule_id: str
    field: str  # "prompt", "keyframes.3"
    level: str
    message: str
    fixes: Fixes = ()
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
class UnavailableOption:
    """Why an option cannot be added to the present choice, and the change that would allow it."""

    reason: str
    fix: Fix | None = None


class Hit:
    """One finding of a rule: the field (None: the rule's own) and the words that its sentence
    needs.
    """

    def __init__(self, field: str | None = None, **words: Any) -> None:
        self.field = field
        self.words = words


@dataclass(frozen=True)
class Limits:
    """The figures of a provider that rules and prices share. None: nothing is documented."""

    max_source_seconds: float | None = None
    warn_source_seconds: float | None = None  # above it, the vendor behind the provider may refuse
    max_inline_bytes: int | None = None  # a source by URL or base64
    max_file_bytes: int | None = None  # a source by upload
    max_source_side: int | None = None  # px, the longer side
    min_source_side: int | None = None  # px, the shorter side
    max_source_fps: float | None = None
    max_image_bytes: int | None = None
    prompt_max: int = 6000
    max_keyframes: int = 0
    warn_keyframes: int = 0
    # of an entry of Kind.PINNED: the picture's key, the position's
    keyframe_keys: tuple[str, str] | None = None
    resolutions: tuple[str, ...] = ()
    hdr_resolutions: tuple[str, ...] = ()
    aspect_ratios: tuple[str, ...] = ()
    durations: tuple[str, ...] = ("5s", "10s")
    grid_fps: int = 24  # keyframes of a generation lie on this grid
    user_id_max: int = 256
    output_url_seconds: int | None = None

    @cached_property
    def sdr_resolutions(self) -> tuple[str, ...]:
        """The sizes at which there is no HDR."""
        return tuple(size for size in self.resolutions if size not in self.hdr_resolutions)


class Case(NamedTuple):
    """What a rule judges: a request, what was measured of its source, and the model's limits."""

    wanted: GenerationRequest
    source: MediaFacts | None
    limits: Limits


class NamedRef(NamedTuple):
    """What a rule about clips and pictures judges: where one is named, how, and the model's limits."""

    path: str
    ref: Ref
    limits: Limits

    @property
    def is_source(self) -> bool:
        return self.path == "source"


Found = bool | Iterable[Hit]
Condition = Callable[[Case], Found]
RefCondition = Callable[[NamedRef], Found]
Words = Mapping[str, Any]
FixMaker = Callable[[Case, Words], Fixes]


@dataclass(frozen=True)
class Rule:
    """One row of the rule table. Without an id it is a shared rule, which providers adopt.

    `message` (and `why`, which greys an option out) are templates: `wanted`, `source`, `limits`,
    `name` of the provider, and the hit's words. `detail` and `status` are what the provider
    answers; a detail that the contract does not quote is our own wording. Exactly one of `broken`
    and `each_ref` is set: the second judges every clip and picture named, with its path. `fixes`
    are the same for every hit, or made for one; a hit that brings its own `fixes` goes before.
    """

    id: str = ""
    field: str = ""
    source: str = ""
    _: KW_ONLY
    summary: str  # the rule itself in one line, for the documentation
    message: str
    level: str = REFUSE
    broken: Condition | None = None
    each_ref: RefCondition | None = None
    why: str = ""
    status: int = 400
    detail: str = ""
    fixes: Fixes | FixMaker = ()
    conflict: str = ""  # where the documents contradict themselves here: both sides, and what we do

    @property
    def is_ours(self) -> bool:
        """Is this caution of our own, that the provider does not document?"""
        return self.source.startswith("ours")

    def adopt(self, id: str, source: str, detail: str = "", **differs: Any) -> "Rule":
        """Return the rule under a provider's own number, source, answer, and whatever differs."""
        return replace(self, id=id, source=source, detail=detail, **differs)


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """What one model of a provider takes, judges and makes.

    `name` is ours and the same at every provider.
    """

    name: str  # "ray-3.2"
    task: str
    model_id: str  # the provider's word for it
    label: str  # "Ray 3.2"
    parameters: tuple[Parameter, ...]
    rules: tuple[Rule, ...]
    limits: Limits
    type_word: str = ""  # the body's word for the task, where it has one
    summary: str = ""  # what it is for, in a line
    source: str = ""
    is_priced_by_asking: bool = False  # no price is published: the module's `quote` asks for it

    @cached_property
    def whole_rules(self) -> tuple[Rule, ...]:
        """The rules about the request as a whole."""
        return tuple(rule for rule in self.rules if rule.broken is not None)

    @cached_property
    def ref_rules(self) -> tuple[Rule, ...]:
        """The rules about each clip and picture named."""
        return tuple(rule for rule in self.rules if rule.each_ref is not None)

    @cached_property
    def _by_field(self) -> dict[str, Parameter]:
        return {row.field: row for row in self.parameters}

    def parameter(self, name: str) -> Parameter | None:
        """Return the row of a request's attribute; None where the model has no such parameter."""
        return self._by_field.get(name)

    def knows(self, name: str) -> bool:
        return name in self._by_field

    def body_path(self, name: str) -> str:
        """Return where a field lies in the body: "keyframes.3" -> "video.edit.keyframes[3]"."""
        head, _, index = name.partition(".")
        row = self.parameter(head)
        path = row.path if row else head
        return f"{path}[{index}]" if index else path


@dataclass(frozen=True, kw_only=True, eq=False)
class Spec:
    """A provider as data. Compared by identity, so that it can be a key.

    `credentials` are the environment's names for the parts of a key, which are joined with ":";
    `base_url_name` its name for another address. `fallback` judges what names no model of this
    provider.
    """

    slug: str
    name: str
    base_url: str
    credentials: tuple[str, ...]
    base_url_name: str
    models: tuple[Model, ...]
    fallback: Model
    auth: Auth = Auth.BEARER
    # header -> the environment's name for its value
    headers: Mapping[str, str] = made(default_factory=dict)
    # query parameter -> the environment's name for its value
    params: Mapping[str, str] = made(default_factory=dict)
    simulated_key: str = ""
    key_start: str = ""  # how every key of this provider begins, where that is documented
    requests_per_minute: int = 30
    max_concurrent: int = 10
    unit: str = ""  # what the provider counts in, where it is no currency: "CU"
    unit_price_name: str = ""  # the environment's name for the dollars of one unit
    # How long a finished result is counted on to lie with the provider. Where nothing is
    # documented, a day: ours.
    result_kept_seconds: int = 86_400
    also_read: tuple[str, ...] = ()  # further names in the environment that the module reads
    # documents a list of all jobs: what is long missing from it was never accepted
    lists_all: bool = False
    # no job of this provider takes longer, by what its documents lead to expect
    plausible_seconds: float = 1800.0

    @cached_property
    def _by_task(self) -> dict[tuple[str, str], Model]:
        return {(model.task, model.name): model for model in self.models}

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(model.task for model in self.models))

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple({id(row): row for model in self.models for row in model.parameters}.values())

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        return tuple({id(rule): rule for model in self.models for rule in model.rules}.values())

    def parameter(self, model: Model, name: str) -> Parameter | None:
        """Return a model's row of a request's attribute, or where it has none, another model's."""
        return model.parameter(name) or next(
            (row for row in self.parameters if row.field == name),
            None,
        )

    def find(self, task: str, name: str | None) -> Model | None:
        """Return the model of this name that does the task, if there is one."""
        try:
            return self._by_task.get((task, name or ""))
        except TypeError:  # nonsense from a foreign body
            return None

    def model_for(self, wanted: GenerationRequest) -> Model:
        """Return the model that a request names; the fallback, which refuses it, where there is
        none.
        """
        return self.find(wanted.task, wanted.model) or self.fallback

    def models_for(self, task: str) -> tuple[Model, ...]:
        return tuple(model for model in self.models if model.task == task)
