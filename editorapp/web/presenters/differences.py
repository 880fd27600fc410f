"""Differences: what tells takes apart that stand together (a batch, a source's takes, a comparison):
only what differs among them, in plain words, and never what is the same.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from os.path import commonprefix

from editorapp.generations.models import Generation
from editorapp.providers.contract import CONTROL_VALUES, CONTROLS, GenerationRequest, Task
from editorapp.web.presenters import request_summary

BETWEEN = " · "
MOST_WORDS = 48  # characters of a prompt's own part
KEYS = {
    "Prompt": "prompt",
    "Source": "source",
    "Task": "task",
    "Provider": "provider",
    "Model": "model",
    "Strength": "strength",
    **{control: control for control in CONTROLS},
    "Guides": "guide frames",
    "Camera": "camera",
    "Placement": "placement",
    "Shape": "shape",
    "Length": "length",
    "Loop": "loop",
    "Resolution": "resolution",
    "Range": "HDR",
}
Words = dict[str, str]  # of one request: what it says of each key, never empty


@dataclass(frozen=True)
class Differing:
    """What differs among requests: for each its words by key, and which keys differ at all."""

    words: tuple[Words, ...]
    keys: tuple[str, ...]

    def of(self, place: int) -> str:
        """Say what is its own of the request at a place: "Flex 3 · 360p"; "" for nothing."""
        said = (self.words[place].get(key, "") for key in self.keys)
        return BETWEEN.join(filter(None, said))

    @property
    def named(self) -> str:
        """Name in what they differ: "strength and resolution"; "" where they are all alike."""
        names = [KEYS[key] for key in self.keys]
        return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def differences(takes: Iterable[Generation]) -> dict[int, str]:
    """Return for each take, by its id, what is its own among them; "" where nothing is.

    Reads only what is loaded, but for accounts: load them where one provider has several.
    """
    takes = list(takes)
    found = among_takes(takes)
    return {take.pk: found.of(place) for place, take in enumerate(takes)}


def among(requests: Sequence[GenerationRequest]) -> Differing:
    """Return what differs among requests of one account and of one source."""
    return _differing([_words_of(wanted) for wanted in requests], _prompts(requests))


def among_takes(takes: Sequence[Generation]) -> Differing:
    """Return what differs among takes; reads what `differences` reads."""
    requests = [take.wanted for take in takes]
    around = _around(takes)
    words = [about | _words_of(one) for about, one in zip(around, requests, strict=True)]
    return _differing(words, _prompts(requests))


def _differing(words: list[Words], prompts: list[str]) -> Differing:
    all_words = [{"Prompt": own} | one for own, one in zip(prompts, words, strict=True)]
    keys = [key for key in KEYS if _tells(key, {one.get(key, "") for one in all_words})]
    return Differing(tuple(all_words), tuple(keys))


def _tells(key: str, said: set[str]) -> bool:
    """Do these words of one key tell requests apart? That Auto says nothing of a control that no
    other follows does not.
    """
    return len(said) > 1 and bool(said - {"", f"no {key}"})


def _around(takes: Sequence[Generation]) -> list[Words]:
    """Return what takes say beside their requests: where they were made, and from what."""
    providers = request_summary.provider_names()
    accounts = {(take.provider, take.account_id) for take in takes}
    is_plain = len({provider for provider, _account in accounts}) == len(accounts)
    return [
        {
            "Source": _source(take),
            "Provider": providers.get(take.provider, take.provider)
            if is_plain
            else str(take.account),
            "Model": request_summary.model_of(take),
        }
        for take in takes
    ]


def _source(take: Generation) -> str:
    if take.parent_id is not None:
        return f"from #{take.parent_id}"
    is_known = Generation.source_asset.is_cached(take)
    asset = take.source_asset if is_known else None
    if asset is not None:
        return f"from {asset.name}"
    return f"from clip {take.source_asset_id}" if take.source_asset_id else "no source"


def _words_of(wanted: GenerationRequest) -> Words:
    said = {
        "Task": wanted.task.capitalize(),
        "Strength": _strength(wanted),
        **_controls(wanted),
        "Guides": _guides(wanted),
        "Placement": request_summary.placement(wanted),
        "Shape": wanted.aspect_ratio or "",
        "Resolution": wanted.resolution or "the model’s size",
        "Range": "HDR + EXR" if wanted.exr else "HDR" if wanted.hdr else "SDR",
    }
    if wanted.task == Task.GENERATE:
        said |= _of_generation(wanted)
    return {key: words for key, words in said.items() if words}


def _of_generation(wanted: GenerationRequest) -> Words:
    return {
        "Camera": ", ".join(wanted.concepts or ()).replace("_", " ") or "no camera move",
        "Shape": wanted.aspect_ratio or "the model’s shape",
        "Length": request_summary.length(wanted.duration),
        "Loop": "loop" if wanted.loop else "no loop",
    }


def _strength(wanted: GenerationRequest) -> str:
    if wanted.task not in (Task.EDIT, Task.MODIFY):
        return ""
    if wanted.auto_controls:
        return "Auto"
    return request_summary.spoken(wanted.strength) or "no preset"


def _controls(wanted: GenerationRequest) -> Words:
    """Say what is followed of the source; nothing where Auto decides it."""
    if wanted.auto_controls or wanted.task != Task.EDIT:
        return {}
    used = wanted.controls_in_use()
    return {name: _control(wanted, name) if name in used else f"no {name}" for name in CONTROLS}


def _control(wanted: GenerationRequest, name: str) -> str:
    value = getattr(wanted, CONTROL_VALUES.get(name, ""), None)
    written = f"{value:g}" if isinstance(value, int | float) else value or ""
    return f"{name} {written}".strip()


def _guides(wanted: GenerationRequest) -> str:
    if wanted.keyframes:
        at = ", ".join(map(str, wanted.keyframe_indexes or ()))
        return f"guide{'s' if len(wanted.keyframes) > 1 else ''} at {at}"
    if wanted.start_frame and wanted.end_frame:
        return "first and last frame"
    if wanted.end_frame:
        return "last frame"
    return "first frame" if wanted.start_frame else "no guide frames"


def _prompts(requests: Sequence[GenerationRequest]) -> list[str]:
    """Return of each prompt the words that the others have not, in quotes; a word that all share
    stands before where nothing else would.
    """
    prompts = [re.findall(r"\S+", wanted.prompt or "") for wanted in requests]
    start = _shared(prompts, lambda words: words)
    rest = [words[start:] for words in prompts]
    end = _shared(rest, lambda words: words[::-1])
    if start and any(len(words) == end for words in rest) and len(set(map(tuple, prompts))) > 1:
        start -= 1
    own = [words[start : len(words) - end] for words in prompts]
    return [f"“{_short(' '.join(words))}”" if words else "no prompt" for words in own]


def _shared(prompts: Sequence[list[str]], turned: Callable[[list[str]], list[str]]) -> int:
    """Return how many words all begin with; with `turned` reversing them, end with."""
    return len(commonprefix([turned(words) for words in prompts]))


def _short(text: str) -> str:
    return text if len(text) <= MOST_WORDS else f"{text[: MOST_WORDS - 1].rstrip()}…"
