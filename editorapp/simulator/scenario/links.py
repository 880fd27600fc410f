"""Signed links as Scenario's CDN gives them, and how long they are good.

Section 2.8 of docs/providers/scenario.md.
"""

import base64
import json
import time
from datetime import UTC, datetime, timedelta

from editorapp.simulator.http import EarlyAnswer, Request
from editorapp.simulator.options import DEFAULT_URL_LIFETIME
from editorapp.simulator.simulation import Simulation
from editorapp.simulator.storage import denied
from editorapp.simulator.tables import JsonObject

CDN = "/scenario/cdn/assets/"
KEY_PAIR_ID = "KSIMULATED0000"
_SUFFIXES = {
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "image/png": ".png",
    "image/jpeg": ".jpg",
}


def link_to(
    simulation: Simulation,
    request: Request,
    asset_id: str,
    mime_type: str,
) -> str:
    """Return a link to an asset, signed over the whole of it and its end."""
    url = f"{request.origin}{CDN}{asset_id}{_SUFFIXES.get(mime_type, '')}"
    until = lifetime_end(time.time(), simulation.options.url_lifetime)
    statement = {"Resource": url, "Condition": {"DateLessThan": {"AWS:EpochTime": int(until)}}}
    written = json.dumps({"Statement": [statement]}, separators=(",", ":"))
    policy = base64.urlsafe_b64encode(written.encode()).decode()
    return f"{url}?Policy={policy}&Signature={simulation.signer.seal(policy)}&Key-Pair-Id={KEY_PAIR_ID}"


def asset_behind(simulation: Simulation, request: Request) -> str:
    """Return the id of the asset that a link names.

    Raises: EarlyAnswer, with the CDN's 403: forged, changed, or too old.
    """
    policy = request.query.get("Policy", "")
    is_sealed = request.query.get("Signature") == simulation.signer.seal(policy)
    if not is_sealed or request.method not in ("GET", "HEAD"):
        raise EarlyAnswer(denied("Access denied"))
    statement: JsonObject = json.loads(base64.urlsafe_b64decode(policy))["Statement"][0]
    if not str(statement["Resource"]).endswith(request.path):
        raise EarlyAnswer(denied("Access denied"))
    if time.time() >= statement["Condition"]["DateLessThan"]["AWS:EpochTime"]:
        raise EarlyAnswer(denied("Access denied: the link has expired"))
    return request.path.removeprefix(CDN).partition(".")[0]


def lifetime_end(now: float, configured: float) -> float:
    """Return when a link that is made now ends: by the calendar (2.8), or after the time set for
    the simulator.
    """
    if configured != DEFAULT_URL_LIFETIME:
        return now + configured
    today = datetime.fromtimestamp(now, UTC).replace(
        hour=23,
        minute=59,
        second=59,
        microsecond=0,
    )
    first = (today.replace(day=28) + timedelta(days=4)).replace(day=1)  # of the next month
    if today.day <= 14:
        end = today.replace(day=14 if today.day <= 7 else 21)
    else:
        end = first - timedelta(days=1) if today.day <= 21 else first.replace(day=7)
    return max(end.timestamp(), now + 24 * 3600)
