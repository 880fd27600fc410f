"""People at their browsers: they upload clips, ask for generations, and try again when the web
server is gone.
"""

import queue
import random
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx

from tests.patience import PATIENCE_SECONDS
from tests.sign_in_link import follow

PIECE_BYTES = 16 * 1024
RESOLUTIONS = {
    "luma-agents": "360p",
    "gmi-cloud": "540p",
    "scenario": "540p",
}  # the smallest of each
PROVIDERS = tuple(RESOLUTIONS)
NOTE = "Looked it up in the provider's own list."


# What the paid call of every seventh wish meets. Nothing says whether it was taken, so none of them
# may be sent again.
FAULTS = (
    "accept_then_reset",
    "status:503",
    "hang",
    "reset",
    "status:500",
    "hang_before",
    "status:504",
)
SENT_AGAIN = (
    "status:500",
    "status:503",
)  # once somebody has settled that it never arrived, its person tries again


class Mood(StrEnum):
    """What else the person does who has a wish."""

    PLAIN = ""
    HOLDS = "pauses the job, and lets it go on"
    PAUSES_QUEUE = "pauses the queue, asks, and resumes it"
    PAUSES_ACCOUNT = "pauses the account, asks, and resumes it"
    CANCELS = "cancels at once: too late, or in time"
    CANCELS_AND_RETRIES = "cancels at once, and sends it again"


MOODS = (
    Mood.HOLDS,
    Mood.PLAIN,
    Mood.PLAIN,
    Mood.PAUSES_QUEUE,
    Mood.CANCELS,
    Mood.CANCELS_AND_RETRIES,
    Mood.PAUSES_ACCOUNT,
    Mood.PLAIN,
)


@dataclass(frozen=True)
class Wish:
    """One form that somebody sends.

    Its prompt is nobody else's, so the provider's books name it.
    """

    number: int
    provider: str
    is_edit: bool
    must_fail: bool  # asked for with a word that makes the provider refuse the result
    needs_copy: bool  # the clip is one that browsers cannot play
    fault: str = ""  # what its paid call meets, each time that it is sent
    mood: Mood = Mood.PLAIN
    takes: int = 1  # several: one batch

    @property
    def prompt(self) -> str:
        word = " [[fail:content_moderated]]" if self.must_fail else ""
        word += f" [[submit {self.fault}]]" if self.fault else ""
        return f"Take {self.number:04d} of the kill test{word}"

    @property
    def form_token(self) -> str:
        return f"kill-{self.number:04d}"

    @property
    def may_end_canceled(self) -> bool:
        return self.mood in (Mood.CANCELS, Mood.CANCELS_AND_RETRIES)


def wishes(count: int, *, seed: int) -> list[Wish]:
    """Return what people will ask for: all providers in turn, half of it edits of clips that they
    upload.

    Nobody answers the call of the last, which is asked for when nobody is killed any more: so at
    least one such call is in the hands of a worker that lives to give it up.
    """
    chance = random.Random(seed)
    made = [
        Wish(
            number,
            PROVIDERS[number % 3],
            is_edit=chance.random() < 0.5,
            must_fail=number % 17 == 9,
            needs_copy=number % 8 == 2,
            fault=FAULTS[number // 7 % len(FAULTS)] if number % 7 == 3 else "",
            mood=MOODS[number % len(MOODS)],
            takes=2 if number % 5 == 2 else 1,
        )
        for number in range(count)
    ]
    made[-1] = replace(made[-1], fault="hang", mood=Mood.PLAIN, takes=1, must_fail=False)
    return made


class Gone(Exception):
    """The web server did not answer, or not with what it should; try again."""


@dataclass
class Person:
    """One browser, signed in.

    Whatever breaks is tried again as a person would, with the same form.
    """

    url: str
    link: str
    accounts: dict[str, int]
    clips: Path
    stopping: threading.Event
    tries: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    _client: httpx.Client | None = field(default=None, repr=False)

    def sign_in(self) -> None:
        self._client = httpx.Client(base_url=self.url, trust_env=False, timeout=20)
        self._until_done(self._open_link)

    def ask_for(self, wish: Wish) -> int:
        """Ask for what a wish says, in its mood, and return the number of its (first) take."""
        asset = self._until_done(lambda: self._upload(wish)) if wish.is_edit else None
        stop = {
            Mood.PAUSES_QUEUE: "/queue",
            Mood.PAUSES_ACCOUNT: f"/queue/account/{self.accounts[wish.provider]}",
        }.get(wish.mood)
        if stop is None:
            take = self._until_done(lambda: self._send(wish, asset))
        else:
            self.do(f"{stop}/pause")
            take = self._until_done(lambda: self._send(wish, asset))
            self.do(f"{stop}/resume")
        if wish.mood is Mood.HOLDS:
            self.do(f"/queue/{take}/hold")
            self.do(f"/queue/{take}/go-on")
        if wish.may_end_canceled:
            self.press(take, "cancel")
        if wish.mood is Mood.CANCELS_AND_RETRIES:
            self.press(take, "retry")
        return take

    def settle(self, take: int, *, job_id: str) -> None:
        """Say what became of a call whose outcome nobody knows, as the provider's console shows it,
        and how one knows.

        Who is not allowed to say nothing says something: a note is kept with the money.
        """
        said = {"outcome": "adopt", "job_id": job_id} if job_id else {"outcome": "never_arrived"}
        self.do(f"/takes/{take}/settle", note=NOTE, **said)

    def press(self, take: int, button: str) -> None:
        """Press one of a take's buttons."""
        self.do(f"/takes/{take}/{button}")

    def do(self, address: str, **data: str) -> None:
        """Send a form that is answered with a page to go on to."""
        self._until_done(lambda: self._said(self._post(address, data=data), 302))

    def _until_done(self, act: Any) -> Any:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return act()
            except (httpx.HTTPError, Gone) as error:
                if time.monotonic() > until or self.stopping.is_set():
                    raise Gone(f"given up: {error}") from error
                self.tries += 1
                self.troubles[str(error)[:200]] += 1
                time.sleep(0.3)

    def _open_link(self) -> None:
        client = self._browser()
        follow(client, self.link)
        self._said(client.get("/studio/"), 200)

    def _browser(self) -> httpx.Client:
        assert self._client is not None
        return self._client

    def _post(self, path: str, **content: Any) -> httpx.Response:
        return self._call("POST", path, **content)

    def _call(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **content: Any
    ) -> httpx.Response:
        client = self._browser()
        token = next((value for name, value in client.cookies.items() if "rushes_csrf" in name), "")
        return client.request(
            method, path, headers={"X-CSRFToken": token, **(headers or {})}, **content
        )

    def _said(self, answer: httpx.Response, *wanted: int) -> httpx.Response:
        if answer.status_code not in wanted:
            raise Gone(
                f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}"
            )
        return answer

    def _upload(self, wish: Wish) -> int:
        """Send a clip in pieces, each begun where the server says that the file ends.

        Return the asset's number.
        """
        data = _clip(self.clips, wish)
        begun = self._said(
            self._post(
                "/media/uploads", json={"name": f"clip {wish.number}.mp4", "size": len(data)}
            ),
            201,
        )
        url = begun.json()["url"]
        while (at := self._offset(url)) < len(data):
            piece = data[at : at + PIECE_BYTES]
            try:
                self._call("PUT", url, content=piece, headers={"Upload-Offset": str(at)})
            except httpx.HTTPError:
                time.sleep(0.3)  # what of it has come, the server says
        finished = self._said(self._post(f"{url}/finish"), 201)
        return int(finished.json()["asset"]["id"])

    def _offset(self, url: str) -> int:
        answer = self._call("HEAD", url)
        return int(self._said(answer, 200).headers["Upload-Offset"])

    def _send(self, wish: Wish, asset: int | None) -> int:
        form = {
            "task": "edit" if asset else "generate",
            "account": self.accounts[wish.provider],
            "source_kind": "asset",
            "prompt": wish.prompt,
            "conditioning": "auto",
            "guides": "none",
            "frames": "none",
            "resolution": RESOLUTIONS[wish.provider],
            "strength": "flex_2",
            "duration": "5s",
            "form_token": wish.form_token,
            "takes": wish.takes,
            **({"source_asset": asset} if asset else {}),
        }
        answer = self._post("/studio/queue", data=form, headers={"HX-Request": "true"})
        if answer.status_code == 422:
            asked = self._post(
                "/studio/ask",
                data=form | {"ask": str(self.accounts[wish.provider])},
                headers={"HX-Request": "true"},
            )
            raise Gone(f"its price is asked for ({asked.status_code}): {_notes(answer.text)}")
        found = re.search(r'"take": (\d+)', self._said(answer, 200).headers.get("HX-Trigger", ""))
        if found is None:
            raise Gone(f"no take: {answer.headers.get('HX-Trigger', '')}")
        return int(found[1])


def _notes(page: str) -> str:
    """Return what a refused form says, for the log."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())[:300]


def _clip(folder: Path, wish: Wish) -> bytes:
    """Return a small clip whose bytes are no other's: a box that players skip stands at its end."""
    data = (folder / ("odd.mp4" if wish.needs_copy else "plain.mp4")).read_bytes()
    mark = f"clip {wish.number}".encode()
    return data + (8 + len(mark)).to_bytes(4, "big") + b"free" + mark


class Crowd:
    """Several people who work through one list, no faster than the test lets them."""

    def __init__(self, people: list[Person], wanted: list[Wish]) -> None:
        self.people, self.wanted = people, wanted
        self.takes: dict[int, Wish] = {}
        self.problems: list[str] = []
        self.allowed = threading.Semaphore(0)
        self._list: queue.SimpleQueue[Wish] = queue.SimpleQueue()
        for wish in wanted:
            self._list.put(wish)
        self._threads = [
            threading.Thread(target=self._work, args=(one,), daemon=True) for one in people
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def is_done(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self, person: Person) -> None:
        try:
            person.sign_in()
            while not (person.stopping.is_set() or self._list.empty()):
                if not self.allowed.acquire(timeout=0.5):
                    continue
                try:
                    wish = self._list.get_nowait()
                except queue.Empty:
                    return
                self.takes[person.ask_for(wish)] = wish
        except Exception as error:  # said at the end, with the rest
            self.problems.append(f"{type(error).__name__}: {error}")
