"""What docs/deploy.md and deploy/ say exists: commands with their options, variables, and files
that can be read.
"""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, get_commands, load_command_class

from editorapp.generations.engine import dispatcher
from editorapp.ops.management.commands.work import GRACE_SECONDS
from tests.environment import ROOT
from tests.patience import PATIENCE_SECONDS

DEPLOY = ROOT / "deploy"
GUIDE = ROOT / "docs" / "deploy.md"
TEXTS = [GUIDE, *sorted(path for path in DEPLOY.iterdir() if path.is_file())]
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
VARIABLE = re.compile(
    r"\b(?:RUSHES|LUMA_AGENTS|GMI|SCENARIO)_[A-Z0-9_]+\b|\b(?:DATABASE|REDIS)_URL\b"
)
TESTS_ONLY = {"RUSHES_KILL_AT"}


def code() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "editorapp").rglob("*.py"))


def compose() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def spoken_of(text: str) -> list[list[str]]:
    """Return the words of each `manage.py ...` in a text."""
    found = re.findall(r"manage\.py ((?:[a-z_]+)(?: (?:--?[a-z-]+|<\w+>|[\d.]+))*)", text)
    return [shlex.split(words.replace("<", "").replace(">", "")) for words in found]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_command_that_is_spoken_of_exists_with_its_options(path):
    for name, *words in spoken_of(path.read_text()):
        assert name in get_commands(), f"{path.name}: manage.py {name}"
        parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
        try:
            parser.parse_args(words)
        except CommandError as error:
            # A guide may name a command without what it needs.
            assert "required" in str(error), f"{path.name}: manage.py {name} {words}: {error}"


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_variable_that_is_spoken_of_is_read(path):
    read = set(VARIABLE.findall(code()))

    assert set(VARIABLE.findall(path.read_text())) - read == set()


def test_the_guide_speaks_of_every_role_and_of_backups():
    spoken = {name for name, *_words in spoken_of("".join(path.read_text() for path in TEXTS))}

    assert {"serve", "work", "link", "prepare", "backup", "restore", "check_ledger"} <= spoken


def test_the_guide_names_every_variable():
    settings = (ROOT / "editorapp" / "settings.py").read_text()

    assert (
        set(VARIABLE.findall(settings)) - set(VARIABLE.findall(GUIDE.read_text())) - TESTS_ONLY
        == set()
    )


def test_every_file_that_the_guide_names_is_there():
    for name in re.findall(r"\b(?:deploy|tests|docs)/[\w./-]+\w", GUIDE.read_text()):
        assert (ROOT / name).exists(), name


def test_the_compose_file_runs_both_roles_beside_what_they_need():
    services = compose()["services"]

    assert set(services) == {"web", "worker", "postgres", "redis", "store", "bucket"}
    for role, verb in {"web": "serve", "worker": "work"}.items():
        assert services[role]["command"][:3] == ["python", "manage.py", verb]
        assert set(services[role]["depends_on"]) == {"postgres", "redis", "bucket"}
        assert services[role]["cap_drop"] == ["ALL"]
    assert "/readyz?exclude=engine" in services["web"]["healthcheck"]["test"][-1]
    assert all("healthcheck" in services[name] for name in ("web", "postgres", "redis", "store"))


def test_programs_that_are_written_into_the_compose_file_are_python():
    for name in ("web", "bucket"):
        service = compose()["services"][name]
        words = service["healthcheck"]["test"][1:] if name == "web" else service["command"]
        assert words[:2] == ["python", "-c"]
        compile(words[2], name, "exec")


def test_no_secret_stands_in_a_file():
    for name, service in compose()["services"].items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|ACCESS_KEY|DATABASE_URL", variable):
                assert "${" in value and ":?" in value, f"{name}: {variable}"
    example = (DEPLOY / "rushes.env.example").read_text()
    for variable in ("RUSHES_SECRET_KEY", "POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
        assert re.search(rf"^{variable}=$", example, re.M), (
            "left empty, so that nobody runs with ours"
        )


def test_every_secret_that_the_compose_file_asks_for_is_in_the_example():
    asked = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text()))

    assert asked <= set(re.findall(r"^(\w+)=", (DEPLOY / "rushes.env.example").read_text(), re.M))


def test_the_image_runs_as_nobody_special_and_has_all_that_the_roles_need():
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()

    assert "USER rushes" in lines
    copied = {line.split()[1] for line in lines if line.startswith("COPY") and "--from" not in line}
    assert copied == {"requirements-server.lock", "manage.py", "editorapp", "templates", "static"}
    assert all((ROOT / name).exists() for name in copied)
    let_in = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in copied} <= set(let_in)


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def unit(name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((DEPLOY / name).read_text())
    return parser["Service"]


def test_a_stop_lets_paid_calls_end():
    work = unit("rushes-work.service")
    grace = float(work["ExecStart"].split("--grace ")[1])

    assert dispatcher.POST_SECONDS < GRACE_SECONDS <= grace < seconds(work["TimeoutStopSec"])
    assert work["KillMode"] == "mixed" and work["Restart"] == "always"
    assert seconds(compose()["services"]["worker"]["stop_grace_period"]) > GRACE_SECONDS


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze on this machine"
)
def test_systemd_takes_the_units(tmp_path: Path):
    for path in UNITS:
        text = (
            path.read_text()
            .replace("/opt/rushes/.venv/bin/python", sys.executable)
            .replace("/opt/rushes", "/")
        )
        (tmp_path / path.name).write_text(text.replace("EnvironmentFile=", "EnvironmentFile=-"))

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / path.name) for path in UNITS)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    ours = [line for line in done.stderr.splitlines() if "rushes" in line]
    assert ours == [], "\n".join(ours)
