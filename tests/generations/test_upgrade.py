"""A deploy in mid-flight: the rows that the version before wrote are taken up by this one, and its
tables are changed under a queue that is not empty.
"""

import json
import os
import subprocess
import sys

import httpx

from editorapp.providers.vendors import luma_agents
from tests.environment import ROOT
from tests.patience import PATIENCE_SECONDS

# Where the tables stood before this version, with what was in them then.
BEFORE = [
    ("teams", "0001_initial"),
    ("media", "0001_initial"),
    ("providers", "0003_accounts"),
    ("costs", "0003_spend_by_task"),
    ("generations", "0003_by_kind"),
    ("review", "0001_initial"),
]
SCRIPT = """
import json, sys, time, uuid
import django
django.setup()
from datetime import timedelta
from decimal import Decimal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

before, job_id = json.loads(sys.argv[1]), sys.argv[2]
executor = MigrationExecutor(connection)
others = [node for node in executor.loader.graph.leaf_nodes()
          if node[0] not in {app for app, _ in before} | {"alerts", "inbox", "library", "reuse"}]
executor.migrate([tuple(one) for one in before] + others)
old = MigrationExecutor(connection).loader.project_state([tuple(one) for one in before] + others).apps
now, price = timezone.now(), Decimal("0.45")
team = old.get_model("teams", "Team").objects.create(name="A team")
people = [old.get_model("teams", "User").objects.create(username=name) for name in ("ada", "zed", "rea")]
user, removed, reviewer = people
old.get_model("teams", "Member").objects.create(team=team, user=user, role="creator")
old.get_model("teams", "Invite").objects.create(
    team=team, role="reviewer", invited_by=user, accepted_by=reviewer, used_at=timezone.now(),
    expires_at=timezone.now(), token_sha256="0" * 64)
for name, tested in (("Ours", {"test_ok": True}), ("Used", {}), ("New", {})):
    old.get_model("providers", "ProviderAccount").objects.create(provider="gmi-cloud", name=name, **tested)
account = old.get_model("providers", "ProviderAccount").objects.create(
    name="Luma", provider="luma-agents", is_simulated=True)
wanted = {"task": "generate", "model": "ray-3.2", "prompt": "As before", "resolution": "360p", "duration": "5s"}
rows = [
    ("queued", {}),
    ("running", {"provider_job_id": job_id, "submitted_at": now, "submit_started_at": now}),
    ("submitting", {"request_body": {"prompt": "As before"}, "submit_started_at": now - timedelta(minutes=5),
                    "lease_token": uuid.uuid4()}),
]
common = dict(month=now.date().replace(day=1), is_simulated=True, team_id=team.pk)
who = dict(person_id=user.pk, provider="luma-agents", model="ray-3.2", task="generate")
for state, fields in rows:
    generation = old.get_model("generations", "Generation").objects.create(
        team=team, created_by=user, created_at=now, account=account, provider="luma-agents", model="ray-3.2",
        task="generate", prompt=wanted["prompt"], request=wanted, is_simulated=True, lineage="g", state=state,
        estimate_low_usd=price, estimate_high_usd=price, estimate_basis="before", state_since=now)
    attempt = old.get_model("generations", "Attempt").objects.create(
        generation=generation, number=1, account=account, state=state, created_at=now,
        next_action_at=now - timedelta(seconds=1), **fields)
    old.get_model("costs", "Entry").objects.create(
        at=now, kind="reserve", amount_usd=price, person_name="Ada", generation_id=generation.pk,
        attempt_id=attempt.pk, **common, **who)
held = price * len(rows)
used = old.get_model("providers", "ProviderAccount").objects.get(name="Used")
generation = old.get_model("generations", "Generation").objects.create(
    team=team, created_by=removed, created_at=now, account=used, provider="gmi-cloud", model="ray-3.2",
    task="generate", prompt="x", request=wanted, is_simulated=False, lineage="g", state="canceled",
    estimate_low_usd=price, estimate_high_usd=price, estimate_basis="before", state_since=now)
attempt = old.get_model("generations", "Attempt").objects.create(
    generation=generation, number=1, account=used, state="canceled", created_at=now, submitted_at=now)
theirs = common | who | {"is_simulated": False, "person_id": removed.pk, "provider": "gmi-cloud"}
for kind in ("reserve", "release"):
    old.get_model("costs", "Entry").objects.create(
        at=now, kind=kind, amount_usd=price, person_name="Zed", generation_id=generation.pk, attempt_id=attempt.pk,
        **theirs)
old.get_model("costs", "MonthCost").objects.create(held_usd=0, person_name="Zed", **theirs)
old.get_model("costs", "MonthBudget").objects.create(**{**common, "is_simulated": False})
old.get_model("costs", "MonthBudget").objects.create(reserved_usd=held, **common)
old.get_model("costs", "MonthCost").objects.create(held_usd=held, person_name="Ada", **common, **who)

from django.core.management import call_command
call_command("migrate", verbosity=0)
from editorapp.generations.engine import sweep, transfer
from editorapp.generations.checks import books
from editorapp.generations.models import Attempt, Generation
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from tests.patience import PATIENCE_SECONDS
until = time.monotonic() + PATIENCE_SECONDS
while Attempt.objects.filter(next_action_at__isnull=False).exists() and time.monotonic() < until:
    sweep.work("luma-agents", seconds=0.5)
    transfer.transfer(0)
print(json.dumps({
    "states": list(Generation.objects.order_by("pk").values_list("state", flat=True)),
    "jobs": list(Attempt.objects.order_by("pk").values_list("provider_job_id", flat=True)),
    "differences": books.differences(),
    "members": [[one.user.username, one.role, one.is_active] for one in Member.objects.order_by("user__username")],
    "proven": list(ProviderAccount.objects.exclude(proven_at=None).order_by("name").values_list("name", flat=True)),
}))
"""


def test_what_the_version_before_had_under_way_is_taken_up_and_nothing_is_sent_twice(
    quick, tmp_path
):
    body = {
        "type": "video",
        "model": "ray-3.2",
        "prompt": "As before",
        "video": {"resolution": "360p", "duration": "5s"},
    }
    key = {"Authorization": f"Bearer {luma_agents.SPEC.simulated_key}"}
    sent = httpx.post(
        f"{quick.url}/luma-agents/v1/generations", json=body, headers=key, trust_env=False
    )
    environment = {
        **os.environ,
        "RUSHES_DATA_DIR": str(tmp_path),
        "RUSHES_SIMULATOR_URL": quick.url,
        "DJANGO_SETTINGS_MODULE": "editorapp.settings",
    }
    environment.pop("DATABASE_URL", None)

    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(BEFORE), sent.json()["id"]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_SECONDS,
    )

    assert ran.returncode == 0, ran.stderr[-3000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found["states"] == ["succeeded", "succeeded", "unknown", "canceled"]
    assert found["jobs"][1] == sent.json()["id"] and found["jobs"][2] is None
    assert found["differences"] == []
    # Who was removed by an older version is a disabled member again: as invited, or as a creator of
    # what they made.
    assert found["members"] == [
        ["ada", "creator", True],
        ["rea", "reviewer", False],
        ["zed", "creator", False],
    ]
    assert found["proven"] == ["Ours", "Used"]
    assert quick.submits_received == 2  # the one before, and the one that waited
