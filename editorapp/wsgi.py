"""The WSGI application.

WSGI on purpose: under ASGI Django reads a whole media file into memory to send it.
"""

import os

from django.core.wsgi import get_wsgi_application

from editorapp.core import garbage, private_files, unread_bodies

private_files.begin()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "editorapp.settings")
application = unread_bodies.read_to_the_end(get_wsgi_application())

from editorapp.ops import engine_watchdog  # noqa: E402  Django must be set up first

engine_watchdog.start()
garbage.keep_loaded()
