"""The words in which GMI Cloud says how a request is. Section 4 of docs/providers/gmi-cloud.md."""

from editorapp.providers import job_states
from editorapp.providers.contract import JobState

STATES = job_states.Table(  # "cancelled" is in every table
    {  # 4
        "created": JobState.QUEUED,
        "queued": JobState.QUEUED,
        "dispatched": JobState.QUEUED,
        "processing": JobState.RUNNING,
        "success": JobState.DONE,
        "failed": JobState.FAILED,
    }
)
