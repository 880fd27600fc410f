"""Command line: `rushes studio`, `edit`, `probe`, `simulator` and Django's own commands.

An installed copy has the script `rushes`, a checkout `python manage.py`, and processes that Rushes
starts for itself use `python -m editorapp`; all three are this.
"""

import os
import sys

from editorapp.core import private_files


def main() -> None:
    """Hand the command line to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "editorapp.settings")
    private_files.begin()
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            "Django is not installed here. Run `make run` once, or use .venv/bin/python."
        ) from error
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
