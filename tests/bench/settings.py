"""The product's settings, two queue workers, and a meter for the CPU of queue tasks."""

import os

os.environ["RUSHES_WORKERS"] = "2"

from editorapp.settings import *  # noqa: E402, F403
from editorapp.settings import INSTALLED_APPS as _apps  # noqa: E402

INSTALLED_APPS = [*_apps, "tests.bench.meter"]
