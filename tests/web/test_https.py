"""An installation behind a proxy with TLS, as deploy.md sets it up: the real server, asked as a
proxy asks.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import migrated
from tests.environment import ROOT
from tests.patience import PATIENCE_SECONDS, awaited
from tests.sign_in_link import TOKEN
from tests.studio_process import free_port

ORIGIN = "https://rushes.example.com"


class Behind:
    """A web server behind a proxy; `said` is what this browser got as cookies, whole."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        names = {"RUSHES_ORIGINS": ORIGIN, "RUSHES_ALLOWED_HOSTS": "rushes.example.com"}
        self.environment = migrated.prepared(folder, **names, RUSHES_PORT=str(self.port))
        del self.environment["RUSHES_SECRET_KEY"]  # it makes one, and that is good enough
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL
        )
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE_SECONDS
        )
        self.said: dict[str, str] = {}

    def answers(self) -> bool:
        """Does it listen, and is it well?"""
        try:
            return self.client.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    def ask(self, method: str, path: str, *, scheme: str = "https", **content) -> httpx.Response:
        """Ask as the proxy does for a browser that keeps cookies."""
        kept = "; ".join(f"{name}={cookie.partition(';')[0]}" for name, cookie in self.said.items())
        headers = {
            "Host": "rushes.example.com",
            "X-Forwarded-Proto": scheme,
            "X-Forwarded-For": "203.0.113.9",
        }
        headers |= {"Origin": ORIGIN, "Cookie": kept, **content.pop("headers", {})}
        self.client.cookies.clear()
        answer = self.client.request(method, path, headers=headers, **content)
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, rest = cookie.partition("=")
            self.said[name] = rest
        return answer


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    server = Behind(tmp_path_factory.mktemp("https"))
    try:
        awaited(server.answers, "the web server")
        yield server
    finally:
        server.client.close()
        server.process.terminate()
        server.process.wait(PATIENCE_SECONDS)


def test_without_tls_everything_leads_to_https_but_what_machines_ask(behind: Behind) -> None:
    for path in ("/", "/sign-in", "/in/nobody", "/media/1/original", "/static/nothing.css"):
        answer = behind.ask("GET", path, scheme="http")
        assert (answer.status_code, answer.headers["Location"]) == (301, ORIGIN + path)
        assert "private" in answer.headers["Cache-Control"]
    assert behind.client.get("/healthz").status_code == 200


def test_the_link_signs_in_over_https_with_cookies_that_this_host_alone_can_set(
    behind: Behind,
) -> None:
    link = behind.manage("link").stdout.strip()
    assert link.startswith(f"{ORIGIN}/in/")
    path = link.removeprefix(ORIGIN)

    page = behind.ask("GET", path)
    found = TOKEN.search(page.text)
    assert found and page.headers["Strict-Transport-Security"] == "max-age=31536000"
    answer = behind.ask("POST", path, data={"csrfmiddlewaretoken": found[1]})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/studio/")
    assert behind.ask("GET", "/me").status_code == 200
    names = sorted(re.sub(r"_[0-9a-f]{8}$", "", name) for name in behind.said)
    assert names == ["__Host-rushes_csrf", "__Host-rushes_known", "__Host-rushes_session"]
    for cookie in behind.said.values():  # what a browser asks of such a name
        assert (
            "Secure" in cookie
            and "Path=/" in cookie
            and "Domain" not in cookie
            and "SameSite=Lax" in cookie
        )
    theme = behind.ask(
        "POST", "/shell/theme", data={"theme": "dark", "csrfmiddlewaretoken": found[1]}
    )
    assert all("Secure" in cookie for cookie in theme.headers.get_list("set-cookie"))


def test_head_has_no_body_on_the_wire_and_what_a_page_weighs_is_compressed(behind: Behind) -> None:
    packed = {"Accept-Encoding": "gzip", "Cookie": ""}

    # One connection for all: bytes that nobody asked for would be read as the next answer.
    for _ in range(2):
        head, page = (behind.ask(method, "/sign-in", headers=packed) for method in ("HEAD", "GET"))
        assert (head.status_code, head.content) == (200, b"") and page.status_code == 200
        assert head.headers["Content-Encoding"] == page.headers["Content-Encoding"] == "gzip"
        assert {*head.headers} - {"set-cookie"} == {*page.headers} - {"set-cookie"}


def test_static_files_are_public_kept_for_ever_by_their_hash_and_compressed(behind: Behind) -> None:
    page = behind.ask("GET", "/sign-in", headers={"Cookie": ""}).text
    files = set(re.findall(r"/static/(?:css|js)/[^\"]+", page))
    assert len(files) > 4

    for file in files:
        answer = behind.ask("GET", file, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200 and re.search(r"\.[0-9a-f]{12}\.(css|js)$", file)
        assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        assert answer.headers.get("Content-Encoding") == "gzip" or len(answer.content) < 1000, file


def test_djangos_own_check_of_a_deployment_finds_nothing(behind: Behind) -> None:
    done = behind.manage("check", "--deploy", "--fail-level", "INFO")

    assert done.returncode == 0, done.stderr
    assert "System check identified no issues" in done.stdout + done.stderr
