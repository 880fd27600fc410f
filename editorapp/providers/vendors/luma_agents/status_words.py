"""The words in which Luma says how a job is and why it failed.

Section 4 of docs/providers/luma-agents.md.
"""

from editorapp.providers import job_states
from editorapp.providers.contract import JobState

STATES = job_states.Table(
    {  # 4.1
        "queued": JobState.QUEUED,
        "processing": JobState.RUNNING,
        "completed": JobState.DONE,
        "failed": JobState.FAILED,
    }
)

FILE_STATES = job_states.Table({"deleted": JobState.FAILED})  # 2.6

# 4.2: code -> may the same request be sent again, is it charged (None: not documented), what a
# person is told.
FAILURES: dict[str, tuple[bool, bool | None, str]] = {
    "content_moderated": (
        False,
        False,
        "Luma's moderation stopped this. Change the prompt or the source.",
    ),
    "generation_failed": (
        True,
        False,
        "The model failed. Nothing is wrong with the request: try it again.",
    ),
    "output_not_found": (True, False, "The result got lost at Luma. Try it again."),
    "budget_exhausted": (
        False,
        None,
        "The account at Luma ran out of funds on the way. Add funds first.",
    ),
    "image_too_large": (
        False,
        None,
        "A clip or picture is larger than Luma takes. Make it smaller.",
    ),
    "unsupported_format": (
        False,
        None,
        "Luma cannot read this kind of file. Convert it to MP4, PNG or JPEG.",
    ),
    "corrupt_input": (
        False,
        None,
        "Luma could not decode the clip or a picture. Export it anew and upload it.",
    ),
    "invalid_request": (False, None, "Luma found a setting that it does not take."),
    "rate_limited": (True, None, "Luma was too busy. Try it again in a while."),
}
