"""The product's settings for an installation that is killed: the same in all but its patience with
a silent call.
"""

from editorapp.settings import *  # noqa: F403
from editorapp.settings import INSTALLED_APPS as _apps

INSTALLED_APPS = [*_apps, "tests.kill.impatient.ImpatientConfig"]
