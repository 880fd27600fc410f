"""What Luma's documents say of its answers. Sections of docs/providers/luma-agents.md."""

from editorapp.providers.documents.language import (
    ANY,
    FLAG,
    OPEN,
    TEXT,
    TIME,
    UUID,
    WHOLE,
    Call,
    Documents,
    Header,
    Lifetime,
    an_id,
    an_object,
    each,
    link,
    read,
    several,
    word,
)
from editorapp.providers.documents.language import LINK as ADDRESS
from editorapp.providers.shared_models import RAY
from editorapp.providers.vendors.luma_agents.jobs import FAILURES, STATES
from editorapp.providers.vendors.luma_agents.parameters import (
    IMAGE_MODELS,
    OUTPUT_URL_SECONDS,
    TYPES,
)

IMAGE_TYPES = ("image", "image_edit", "layering")
# 4.1: presigned, one hour from minting. The clock of the storage may differ from ours by some
# seconds.
RESULT = Lifetime(least_seconds=OUTPUT_URL_SECONDS - 60, most_seconds=OUTPUT_URL_SECONDS + 60)
# 1.1: missing while Luma's limiter is down
RATE = tuple(
    Header(f"X-RateLimit-{what}", r"[0-9]+", is_always=False)
    for what in ("Limit", "Remaining", "Reset")
)

GENERATION = an_object(
    {
        "id": an_id(UUID),
        "type": word((*TYPES.values(), *IMAGE_TYPES)),
        "state": word(STATES.words),
        "model": word((RAY, *IMAGE_MODELS)),
        "created_at": TIME,
    },
    {
        "output": several(an_object({"type": TEXT, "url": link(RESULT)}, {"layer": ANY})),
        "failure_code": word(FAILURES),
        "failure_reason": TEXT,
    },
)
FILE = an_object(
    {
        "id": an_id(UUID),
        "created_at": TIME,
        "mime_type": TEXT,
        "purpose": word(("input", "reference")),
        "size_bytes": WHOLE,
        "state": word(("pending", "ready", "failed", "deleted")),
    },
    each(TEXT, "filename user_id failure_reason") | each(TIME, "expires_at deleted_at"),
)
UPLOAD = an_object(
    {"url": ADDRESS, "method": word(("PUT",)), "expires_at": TIME}, {"headers": OPEN}
)
CREATED = an_object(
    {"id": an_id(UUID), "state": FILE.must["state"], "file": FILE}, {"upload": UPLOAD}
)
PAGE = an_object({"data": several(FILE), "has_more": FLAG}, {"next_cursor": TEXT})

DOCUMENTS = Documents(
    calls=(
        read("list of files", r"/files", PAGE, "2.6"),
        Call("begin of an upload", "POST", r"/files", CREATED, "2.6"),
        Call("end of an upload", "POST", r"/files/[^/]+/complete", FILE, "2.6"),
        read("file", r"/files/[^/]+", FILE, "2.6"),
        Call(
            "submit", "POST", r"/generations", GENERATION, "4.1, 1.1", statuses=(201,), headers=RATE
        ),
        read("poll", r"/generations/[^/]+", GENERATION, "4.1"),
    ),
    refusals={None: an_object({"detail": TEXT})},  # 4.3
    headers=(
        Header("X-Request-Id", r"\S{1,200}"),
        Header("X-API-Version", r"\d{4}-\d\d-\d\d"),
    ),
    refusal_headers={429: (Header("Retry-After", r"[1-9][0-9]*"), *RATE)},
    unknown_id="00000000-0000-4000-8000-000000000000",
    link_lasts=RESULT,
    unsaid=(
        "Which status a begun and an ended upload are answered with, and how long an upload address is good.",
        "Whether an edit keeps its source's sound, and how an EXR entry is labelled.",
    ),
)
