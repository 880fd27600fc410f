"""Shared rules of the prompt, the source, and how clips and pictures are named."""

from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules.fitting_copy import fitting_copy
from editorapp.providers.rules.shared_fixes import trim_to_longest
from editorapp.providers.spec import WARN, Case, Hit, Rule

EMPTY_PROMPT = "The prompt is empty: say what you want to see."
NO_SOURCE = "Choose a source: upload a clip, or take an earlier result."


def _prompt_length(case: Case) -> list[Hit]:
    prompt = case.wanted.prompt
    if not isinstance(prompt, str) or not prompt:
        return [Hit(says=EMPTY_PROMPT)]
    return ask.beyond_length(prompt, case.limits.prompt_max)


def _only_spaces(case: Case) -> bool:
    return isinstance(case.wanted.prompt, str) and case.wanted.prompt.isspace()


PROMPT_LENGTH = Rule(
    field="prompt",
    broken=_prompt_length,
    summary="The prompt has 1 to 6,000 characters.",
    message="{says}",
)
PROMPT_BLANK = Rule(
    field="prompt",
    broken=_only_spaces,
    summary="The prompt is more than spaces.",
    message="The prompt is only spaces: say what you want to see.",
)
SOURCE_NEEDED = Rule(
    field="source",
    broken=lambda case: case.wanted.source is None,
    summary="There is a source.",
    message=NO_SOURCE,
)
SOURCE_IS_A_CLIP = Rule(
    field="source",
    broken=lambda case: case.source is not None and case.source.kind != "video",
    summary="The source is a clip, not a picture.",
    message="The source is not a video. Choose a clip.",
)
SOURCE_LENGTH = Rule(
    field="source",
    broken=ask.too_long,
    summary="The source lasts at most 30 s.",
    message="{name} takes clips up to {longest:g} s. This one is {seconds} s: trim it.",
    fixes=trim_to_longest,
)
SOURCE_LENGTH_UPSTREAM = Rule(
    field="source",
    level=WARN,
    broken=ask.perhaps_too_long,
    summary="A source that the vendor behind the provider may find too long.",
    message="{name} passes the clip on to a vendor that takes up to {longest:g} s.",
    fixes=trim_to_longest,
)
SOURCE_LENGTH_UNKNOWN = Rule(
    field="source",
    level=WARN,
    broken=ask.length_unknown,
    summary="The length of a foreign source cannot be checked.",
    message="The clip's length cannot be checked before sending. {name} takes up to {longest:g} s.",
)
SOURCE_SIZE = Rule(
    field="source",
    broken=ask.too_big,
    summary="The source is not too large for the way it comes.",
    message="{name} takes up to {largest} this way. This clip has {size}: make a smaller copy, or upload it.",
    fixes=fitting_copy,
)
SOURCE_SIDE = Rule(
    field="source",
    broken=ask.too_wide,
    summary="The source's picture is not larger than is taken.",
    message="{name} takes clips of up to {most} px on the longer side. This one is {width}x{height}: make a smaller "
    "copy.",
    fixes=fitting_copy,
)
SOURCE_SMALL = Rule(
    field="source",
    broken=ask.too_small,
    summary="The source's picture is not smaller than is taken.",
    message="{name} takes clips of at least {least} px on the shorter side. This one is {width}x{height}: make a "
    "larger copy.",
    fixes=fitting_copy,
)
SOURCE_FPS = Rule(
    field="source",
    broken=ask.too_fast,
    summary="The source has no more frames a second than are taken.",
    message="{name} takes clips of up to {most:g} frames a second. This one has {fps}: make a slower copy.",
    fixes=fitting_copy,
)
FORM_BASIS = "ours: no list of codings is documented"
SOURCE_FORM = Rule(
    field="source",
    level=WARN,
    broken=ask.unusual_form,
    summary="A source in a form that few services read may fail.",
    message="{name} does not say that it reads clips like this one ({form}), and few services do: an MP4 copy is "
    "safe, and the original is kept.",
    fixes=fitting_copy,
)
ONE_CARRIER = Rule(
    field="source",
    each_ref=ask.has_several_carriers,
    summary="Each clip or picture comes one way.",
    message="{label}: give exactly one of an upload or an earlier result.",
)
INLINE_TYPE = Rule(
    field="source",
    each_ref=ask.lacks_type("data", "video"),
    summary="Inline video says its media type.",
    message="Inline video needs its media type, such as video/mp4.",
)
INLINE_BASE64 = Rule(
    field="source",
    each_ref=ask.is_bad_base64,
    summary="Inline data is base64.",
    message="{label}: the inline data is not base64.",
)
ID_IS_A_UUID = Rule(
    field="source",
    each_ref=ask.is_bad_id,
    summary="An id of a result is a UUID.",
    message="{label}: this is not an id of {name}. Copy it whole: 8-4-4-4-12 letters and digits.",
)
PUBLIC_URL = Rule(
    field="source",
    each_ref=ask.is_private_url,
    summary="A URL is https and on the public internet.",
    message="{label}: {name} can only fetch https addresses on the public internet. Upload the file instead.",
)
