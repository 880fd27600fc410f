"""Starts Django for scale_pages.py, which is a process of its own: each size has a database."""

import os
import sys


def main() -> int:
    """Measure the installation that the settings name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "editorapp.settings")
    import django

    django.setup()
    from tests.bench import scale_pages

    return scale_pages.main()


if __name__ == "__main__":
    sys.exit(main())
