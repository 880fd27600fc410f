"""State that the simulator keeps: jobs and files of each API client, kept over restarts in a SQLite
file of its own.

All of it lies in memory too, so that a poll touches no disk. A job's state is a question about time
and its rendering, not a stored word.
"""

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from editorapp.simulator.tables import Files, Inputs, JsonObject

TERMINAL = ("completed", "failed")


@dataclass(eq=False)
class SimulatedJob:
    """One accepted request. Instants are unix seconds."""

    id: str
    client: str
    wire: str  # the protocol that took it, by its provider
    kind: str  # the request's own type, as the protocol echoes it
    model: str
    created_at: float
    queue_seconds: float
    render_seconds: float
    # GenerationRequest.to_json() without inline data
    request: JsonObject = field(default_factory=dict)
    body: JsonObject = field(default_factory=dict)  # as it came, without inline data
    result_id: str = ""  # what a later request names, where that is not the job's own id
    lasts_seconds: float = 5.0  # how long its result is
    units: float = 0.0  # what it costs, in a unit of the provider's own
    # field -> file that was resolved at submit
    inputs: Inputs = field(default_factory=dict)
    started_at: float | None = None  # the renderer took it up
    rendered_at: float | None = None
    outputs: Files = field(default_factory=list)
    facts: JsonObject = field(default_factory=dict)
    failure_code: str | None = None
    failure_reason: str | None = None
    faults: list[JsonObject] = field(default_factory=list)  # from magic words; striking later calls

    @property
    def leaves_queue_at(self) -> float:
        return self.created_at + self.queue_seconds

    @property
    def file(self) -> str:
        """Return where its result lies, below the simulator's folder."""
        return self.outputs[0]["file"]

    @property
    def state(self) -> str:
        """Return "queued", "processing", "completed" or "failed"."""
        now = time.time()
        if now < self.leaves_queue_at:
            return "queued"
        if self.rendered_at is None:
            has_begun = self.started_at is not None and now >= self.started_at
            return "processing" if has_begun else "queued"
        if now < self.leaves_queue_at + self.render_seconds:
            return "processing"
        return "failed" if self.failure_code else "completed"

    def fail(self, code: str, reason: str) -> None:
        self.failure_code, self.failure_reason = code, reason
        self.rendered_at, self.outputs = time.time(), []


@dataclass
class SimulatedFile:
    """One file of the Files API. Instants are unix seconds."""

    id: str
    client: str
    mime_type: str
    size_bytes: int
    created_at: float = field(default_factory=time.time)
    purpose: str = "input"
    state: str = "pending"
    filename: str | None = None
    user_id: str | None = None
    expires_at: float | None = None
    deleted_at: float | None = None
    failure_reason: str | None = None
    is_completed: bool = False
    facts: JsonObject = field(default_factory=dict)


# A crash of the process loses nothing; only a power cut could, and no real work is kept here.
_TABLES = """
PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;
CREATE TABLE IF NOT EXISTS job (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS file (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS post (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, wire TEXT NOT NULL,
    idempotency_key TEXT NOT NULL, asked TEXT NOT NULL, status INTEGER
);
"""


class JobStore:
    """Jobs and files, found through the client that asks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("inputs", "files", "outputs", "tmp"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.jobs: dict[str, SimulatedJob] = {}
        self.files: dict[str, SimulatedFile] = {}
        self._by_result: dict[str, str] = {}
        self._active: defaultdict[str, set[SimulatedJob]] = defaultdict(set)
        self._kept = sqlite3.connect(folder / "state.sqlite3", isolation_level=None)
        self._kept.executescript(_TABLES)
        for kept in self._rows("job"):
            job = SimulatedJob(**kept)
            self._remember(job)
            if job.rendered_at is None:
                job.started_at = None  # rendered again: nothing half-made is ever served
        self.files = {kept["id"]: SimulatedFile(**kept) for kept in self._rows("file")}

    def _rows(self, table: str) -> Iterator[JsonObject]:
        for (body,) in self._kept.execute(f"SELECT body FROM {table}"):
            yield json.loads(body)

    def _remember(self, job: SimulatedJob) -> None:
        self.jobs[job.id] = job
        self._by_result[job.result_id] = job.id
        self._active[job.client].add(job)

    def save(self, item: SimulatedJob | SimulatedFile) -> None:
        """Remember a new or changed job or file."""
        table = "file"
        if isinstance(item, SimulatedFile):
            self.files[item.id] = item
        else:
            table = "job"
            self._remember(item)
        values = (item.id, json.dumps(asdict(item)))
        self._kept.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", values)

    def path_of(self, file_id: str) -> Path:
        """Return where the bytes of an uploaded file lie."""
        return self.folder / "files" / file_id

    def received(
        self,
        wire: str,
        *,
        idempotency_key: str,
        prompt: str,
        body: Any,
        at: float,
    ) -> int:
        """Note that a paid request has come, whatever becomes of it; return the note's number."""
        asked = json.dumps({"prompt": prompt, "body": body})
        noted = self._kept.execute(
            "INSERT INTO post (at, wire, idempotency_key, asked) VALUES (?, ?, ?, ?)",
            (at, wire, idempotency_key, asked),
        )
        return int(noted.lastrowid or 0)

    def answered(self, post: int, status: int) -> None:
        """Note what a paid request was answered. One that hung, or was cut off, has no status."""
        self._kept.execute("UPDATE post SET status = ? WHERE id = ?", (status, post))

    def job(self, client: str, job_id: str) -> SimulatedJob | None:
        job = self.jobs.get(job_id)
        return job if job is not None and job.client == client else None

    def job_behind(self, result_id: str) -> SimulatedJob | None:
        """Return the job that made a result, whoever asks: for links that say by themselves that
        they may be read.
        """
        return self.jobs.get(self._by_result.get(result_id, ""))

    def job_of_result(self, client: str, result_id: str) -> SimulatedJob | None:
        return self.job(client, self._by_result.get(result_id, ""))

    def jobs_of(self, client: str, wire: str) -> list[SimulatedJob]:
        """Return a client's jobs of one protocol, newest first."""
        whose = client, wire
        return [job for job in reversed(self.jobs.values()) if (job.client, job.wire) == whose]

    def file(self, client: str, file_id: str) -> SimulatedFile | None:
        file = self.files.get(file_id)
        return file if file is not None and file.client == client else None

    def files_of(self, client: str) -> list[SimulatedFile]:
        """Return a client's files, newest first."""
        return [file for file in reversed(self.files.values()) if file.client == client]

    def active_count(self, client: str) -> int:
        """Return how many jobs of a client hold a slot: from their acceptance until they end."""
        active = self._active[client]
        active -= {job for job in active if job.state in TERMINAL}
        return len(active)

    def unrendered(self) -> list[SimulatedJob]:
        return [job for job in self.jobs.values() if job.rendered_at is None]

    def close(self) -> None:
        self._kept.close()
