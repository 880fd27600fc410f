"""FCPXML's rules, as Apple publishes them ("FCPXML Reference", and the DTD of version 1.9), for the
elements that we write: which children in which order, which attributes, of which form.

The DTD itself is Apple's and ships inside Final Cut Pro (FCPXMLv1_9.dtd); it may not be copied here. A
test holds our files against it where RUSHES_FCPXML_DTD names a copy.
"""

import re
from fractions import Fraction
from xml.etree.ElementTree import Element

TIME = re.compile(r"\d+(/\d+)?s")
# Children in their order: the name, and how often ("1", "?", "*" or "+").
CHILDREN: dict[str, tuple[tuple[str, str], ...]] = {
    "fcpxml": (("resources", "1"), ("event", "*")),
    "resources": (("format|asset", "*"),),
    "format": (),
    "asset": (("media-rep", "+"),),
    "media-rep": (),
    "event": (("project", "*"),),
    "project": (("sequence", "1"),),
    "sequence": (("spine", "1"),),
    "spine": (("asset-clip", "*"),),
    "asset-clip": (("marker", "*"),),
    "marker": (),
}
# Attributes: which must be there, which may.
ATTRIBUTES: dict[str, tuple[str, str]] = {
    "fcpxml": ("version", ""),
    "resources": ("", ""),
    "format": ("id", "name frameDuration width height colorSpace"),
    "asset": (
        "id",
        "name start duration hasVideo videoSources format hasAudio audioSources audioChannels",
    ),
    "media-rep": ("src", "kind"),
    "event": ("", "name"),
    "project": ("", "name"),
    "sequence": ("format", "duration tcStart tcFormat"),
    "spine": ("", "name format"),
    "asset-clip": ("ref", "name offset start duration tcFormat"),
    "marker": ("start value", "duration completed note"),
}
TIMES = {"frameDuration", "start", "duration", "offset", "tcStart"}
WORDS = {
    "tcFormat": {"DF", "NDF"},
    "kind": {"original-media", "proxy-media"},
    "completed": {"0", "1"},
    "hasVideo": {"1"},
    "hasAudio": {"1"},
    "version": {"1.9"},
}


def wrong_in(root: Element) -> list[str]:
    """Return what breaks a rule, in words; nothing where the document is valid."""
    wrong = [] if root.tag == "fcpxml" else [f"it begins with {root.tag}"]
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    wrong += [f"{one} stands twice" for one in set(ids) if ids.count(one) > 1]
    for element in root.iter():
        wrong += _wrong_children(element) + _wrong_attributes(element, set(ids))
    return wrong + _uneven(root)


def _wrong_children(element: Element) -> list[str]:
    rule = CHILDREN.get(element.tag)
    if rule is None:
        return [f"there is no {element.tag}"]
    pattern = "".join(f"(({name}) ){'' if often == '1' else often}" for name, often in rule)
    there = "".join(f"{child.tag} " for child in element)
    return [] if re.fullmatch(pattern, there) else [f"{element.tag} holds {there or 'nothing'}"]


def _wrong_attributes(element: Element, ids: set) -> list[str]:
    must, may = (set(words.split()) for words in ATTRIBUTES.get(element.tag, ("", "")))
    there = set(element.keys())
    wrong = [f"{element.tag} lacks {name}" for name in must - there]
    wrong += [f"{element.tag} has no {name}" for name in there - must - may]
    for name, value in element.items():
        if name in TIMES and not TIME.fullmatch(value):
            wrong.append(f"{element.tag} {name}={value!r} is no time")
        if name in WORDS and value not in WORDS[name]:
            wrong.append(f"{element.tag} {name}={value!r}")
        if name in ("format", "ref") and value not in ids:
            wrong.append(f"{element.tag} {name} names no {value}")
    return wrong


def _uneven(root: Element) -> list[str]:
    """Return what does not lie on the edge of one of the sequence's frames: Final Cut refuses it."""
    durations = {one.get("id"): one.get("frameDuration", "") for one in root.iter("format")}
    wrong = []
    for sequence in root.iter("sequence"):
        frame = durations.get(sequence.get("format", ""), "")
        if not TIME.fullmatch(frame):
            return ["a sequence without the duration of a frame"]
        for clip in sequence.iter("asset-clip"):
            for name in ("offset", "duration"):
                value = clip.get(name, "0s")
                if (Fraction(value[:-1]) / Fraction(frame[:-1])).denominator != 1:
                    wrong.append(f"{name} {value} is no whole number of frames")
    return wrong
