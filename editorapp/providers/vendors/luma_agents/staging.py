"""Staging at Luma Agents: put a file into its Files API (2.6)."""

from pathlib import Path

from editorapp.providers import job_states
from editorapp.providers.contract import JobState, Ref, Unavailable
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import Answer, identifier, link, mapping
from editorapp.providers.shared_calls import FileState, path_part, until_ready
from editorapp.providers.vendors.luma_agents.models import SPEC

FILE_STATES = job_states.Table("pending failed", {"deleted": JobState.FAILED})


async def stage(
    path: Path,
    *,
    name: str,
    media_type: str,
    purpose: str,
    session: ProviderSession,
) -> Ref:
    """Upload a file with the Files API and return the reference to it once Luma says that it is
    ready. Free.

    `purpose` is "input" for the source and "reference" for guide frames. The bytes are streamed
    from disk, to a presigned address, without the key.

    Raises: Rejected, when Luma does not take the file; Unavailable and Throttled, when a later try
            may succeed.
    Source: section 2.6.
    """
    asked = {
        "mime_type": media_type,
        "size_bytes": path.stat().st_size,
        "filename": name,
        "purpose": purpose,
    }
    made = await session.call("POST", "/files", body=asked)
    file_id = identifier(made.get("id"))
    await _send(path, mapping(made.get("upload")), file_id, session)
    place = f"/files/{path_part(file_id)}"
    answer = await session.call("POST", f"{place}/complete")
    await until_ready(session, place, answer, _file_state)
    return Ref(file_id=file_id, media_type=media_type)


async def _send(
    path: Path,
    upload: Answer,
    file_id: str,
    session: ProviderSession,
) -> None:
    url = link(upload.get("url"))
    if not file_id or not url:
        raise Unavailable(f"{SPEC.name} gave no place for the upload.", code="upload")
    headers = {key: str(value) for key, value in mapping(upload.get("headers")).items()}
    await session.upload(url, path, headers=headers)


def _file_state(file: Answer) -> FileState:
    said = file.get("state")
    is_failed = FILE_STATES.read(said).state is JobState.FAILED
    return FileState(
        job_states.squeezed(said) == "ready",
        is_failed,
        file.get("failure_reason"),
    )
