"""The words in which the rest of Rushes speaks to any provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from editorapp.core.sanitizing import clean_text

LONGEST_MESSAGE = 2_000


class Task(StrEnum):
    EDIT = "edit"
    GENERATE = "generate"
    REFRAME = "reframe"
    MODIFY = "modify"  # an older model's edit by prompt and strength


RESOLUTIONS = ("360p", "540p", "720p", "1080p")
POSITION = ("x_norm", "y_norm", "w_norm", "h_norm")  # of a reframe's source on the canvas
CONTROLS = ("pose", "depth", "normals", "trajectory", "face")
# Each control's own value; face has none.
CONTROL_VALUES = {
    "pose": "pose_strength",
    "depth": "depth_blur",
    "normals": "normals_augmentation",
    "trajectory": "trajectory_sparsity",
}
# What a form fills in where a control is on by its value alone.
DEFAULT_VALUES = {"pose_strength": "precise"} | dict.fromkeys(
    ("depth_blur", "normals_augmentation", "trajectory_sparsity"), 0.5
)
REFS = ("source", "start_frame", "end_frame")  # attributes of a request that name one file
REF_LISTS = ("keyframes", "image_refs")  # and several


@dataclass(frozen=True)
class Ref:
    """A clip or a picture as a request names it.

    A sound request has exactly one carrier. `asset_id` is ours: a stored file that the provider's
    `stage` turns into one of its own carriers just before the paid call.
    """

    asset_id: int | None = None
    generation_id: str | None = None  # the provider's id of an earlier result
    url: str | None = None
    data: str | None = None  # base64
    file_id: str | None = None  # the provider's id of an uploaded file
    media_type: str | None = None

    CARRIERS = ("asset_id", "generation_id", "url", "data", "file_id")

    @property
    def carriers(self) -> tuple[str, ...]:
        return tuple(name for name in self.CARRIERS if getattr(self, name) is not None)

    def to_json(self) -> dict[str, str]:
        """Return what a request says of it, as plain JSON."""
        return {
            one.name: said for one in fields(Ref) if (said := getattr(self, one.name)) is not None
        }


@dataclass(frozen=True)
class Lent(Ref):
    """What `stage` returns where the provider keeps the file only until then."""

    expires_at: datetime | None = None


@dataclass(frozen=True)
class GenerationRequest:
    """What a person wants, in no provider's words.

    None means "not said": defaults are never written out.

    It can also hold nonsense (an unknown strength, indexes without keyframes), because the rules
    judge it and the
    simulator decodes foreign bodies into it. Values of the wrong type are kept as they came.
    Units: control values 0..1; `frame_index` on the source's own grid, from 0; `*_norm` fractions
           of the canvas.
    """

    task: str = Task.EDIT
    model: str | None = "ray-3.2"
    prompt: str | None = None
    source: Ref | None = None
    resolution: str | None = None
    hdr: bool | None = None
    exr: bool | None = None
    auto_controls: bool | None = None
    strength: str | None = None
    pose_enabled: bool | None = None
    pose_strength: str | None = None  # "precise" or "coarse"
    depth_enabled: bool | None = None
    depth_blur: float | None = None
    normals_enabled: bool | None = None
    normals_augmentation: float | None = None
    trajectory_enabled: bool | None = None
    trajectory_sparsity: float | None = None
    face_enabled: bool | None = None
    # the single guide frame of an edit; the first frame of a generation
    start_frame: Ref | None = None
    end_frame: Ref | None = None
    keyframes: tuple[Ref, ...] | None = None
    keyframe_indexes: tuple[int, ...] | None = None
    aspect_ratio: str | None = None
    duration: str | None = None  # "5s", "9s" or "10s"
    loop: bool | None = None
    x_norm: float | None = None  # reframe: where the source lies on the canvas
    y_norm: float | None = None
    w_norm: float | None = None
    h_norm: float | None = None
    concepts: tuple[str, ...] | None = None  # camera moves by name
    image_refs: tuple[Ref, ...] | None = None
    user_id: str | None = None

    def controls_in_use(self) -> tuple[str, ...]:
        """Return the controls that are said: switched on, or given a value with the switch left
        unsaid.
        """
        return tuple(name for name in CONTROLS if self._is_in_use(name))

    @property
    def is_extension(self) -> bool:
        """Does it continue an earlier result, forward from its end or backward from its start?"""
        frames = (self.start_frame, self.end_frame)
        return any(frame is not None and frame.generation_id is not None for frame in frames)

    def _is_in_use(self, control: str) -> bool:
        enabled = getattr(self, f"{control}_enabled")
        return self._has_value(control) if enabled is None else bool(enabled)

    def _has_value(self, control: str) -> bool:
        value = CONTROL_VALUES.get(control)
        return value is not None and getattr(self, value) is not None

    def to_json(self) -> dict[str, Any]:
        """Return what is said, as plain JSON; `from_json` reads it back."""
        return {key: _plain(value) for key, value in vars(self).items() if value is not None}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "GenerationRequest":
        return cls(
            **{name: _as_kept(name, value) for name, value in kept.items() if value is not None},
        )

    def refs(self) -> list[tuple[str, Ref]]:
        """Return every clip and picture named, each with its field ("source", "keyframes.3")."""
        named = [(name, getattr(self, name)) for name in REFS]
        for name in REF_LISTS:
            several = getattr(self, name) or ()
            named += [(f"{name}.{at}", ref) for at, ref in enumerate(several)]
        return [(name, ref) for name, ref in named if ref is not None]


def _as_kept(name: str, value: Any) -> Any:
    if name in REFS:
        return Ref(**value)
    if name in REF_LISTS:
        return tuple(Ref(**ref) for ref in value)
    return tuple(value) if name in ("keyframe_indexes", "concepts") else value


def _plain(value: Any) -> Any:
    if isinstance(value, Ref):
        return value.to_json()
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


@dataclass(frozen=True)
class Access:
    """How to reach one provider account; a plain value, so that calls need no database."""

    account_id: int
    provider: str
    base_url: str
    secret: str = field(repr=False)
    is_simulated: bool = False
    # sent with every call: an organisation, say
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)  # added to every query: a project, say
    # dollars of one of the provider's own units, where it counts in them
    unit_price_usd: Decimal | None = None
    # read from what the provider sells; nobody has set it for the account
    is_unit_price_listed: bool = False


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Output:
    """A short-lived link to something that a job made.

    `kind` is one of output_kinds.py: "video", "exr" or something else.

    Those that a provider documents as the result come first. `label` is the provider's own word for
    it. One without a link is only told of.
    """

    kind: str
    url: str = field(repr=False)
    expires_at: datetime | None = None
    label: str = ""

    def to_json(self) -> dict[str, str]:
        """Return what a row keeps of it."""
        return {"kind": self.kind, "url": self.url, "label": self.label}


@dataclass(frozen=True)
class Failure:
    """Why a provider's job failed. `is_charged` is None where the provider documents nothing."""

    code: str
    reason: str
    can_retry: bool
    is_charged: bool | None


@dataclass(frozen=True)
class Quote:
    """What a provider says that a request would cost, where it publishes no price."""

    low_usd: Decimal
    high_usd: Decimal
    basis: str  # "42 CU at $0.01"
    note: str = ""


@dataclass(frozen=True)
class Job:
    """The provider's side of a generation, as it last described it.

    `odd_cost` is a reported price as it came, where it is none that makes sense; `unknown_state`
    the provider's word for its state, where it stands in no table (see job_states.py).
    """

    id: str
    state: JobState
    chain_id: str = ""  # what a later request names to use this result as its source
    outputs: tuple[Output, ...] = ()
    failure: Failure | None = None
    progress: float | None = None  # 0..1, only where the provider reports it
    cost_usd: Decimal | None = None  # only where the provider reports it
    odd_cost: str = ""
    unknown_state: str = ""


@dataclass(frozen=True)
class Listed:
    """A job as the provider's own list shows it.

    `body` has the shape of what was posted, as far as the list tells.
    """

    job_id: str
    created_at: datetime  # by the provider's clock
    body: Any
    path: str = ""  # where it was posted; "" where the list does not say for which model


@dataclass(frozen=True)
class Listing:
    """What `recent` found.

    `is_whole`: nothing that the provider lists of that window is missing here.
    """

    jobs: tuple[Listed, ...]
    is_whole: bool


class ProviderError(Exception):
    """Something went wrong at or on the way to a provider; the subclass says what the caller may do
    next.

    `message` is a sentence for a person; `code` the provider's own word or status, for support.
    `retry_after_seconds` is how long the provider asks to be left alone, within bounds; None where
    it asks for nothing. `came` is what it answered, cut and without the key, where nobody can make
    sense of it.
    """

    retry_after_seconds: float | None = None

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        retry_after_seconds: float | None = None,
        came: str = "",
    ) -> None:
        # it may quote anything, and is written into rows
        message = clean_text(message, most=LONGEST_MESSAGE)
        super().__init__(message)
        self.message = message
        self.code = code
        self.came = came
        if retry_after_seconds is not None:
            self.retry_after_seconds = retry_after_seconds


class Rejected(ProviderError):
    """Refused for good: nothing queued, nothing charged.

    Sending the same again would be refused again.
    """


class OutOfFunds(Rejected):
    """Refused for want of money at the provider: nothing queued, nothing charged."""


class BadCredentials(Rejected):
    """The key is missing, wrong, revoked or not allowed: nothing queued, nothing charged."""


class UploadRefused(Rejected):
    """A provider's storage refuses a file at the address that the provider gave.

    A fresh address may be another matter; where it is none, nothing was sent and nothing is
    charged.
    """


class NotFound(ProviderError):
    """The provider does not know the job (or not any more)."""


class Throttled(ProviderError):
    """Not taken now: ask again after `retry_after_seconds`. Nothing queued, nothing charged."""

    retry_after_seconds: float = 5.0


class Unavailable(ProviderError):
    """Never arrived (no connection), or a free call that failed: safe to send again."""


class Unreadable(Unavailable):
    """A free call was answered with what nobody can make sense of.

    Asked again a few times, then a person looks.
    """


class OutcomeUnknown(ProviderError):
    """Perhaps accepted, perhaps paid. Only a person sends it again."""
