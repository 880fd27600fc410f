#!/usr/bin/env python
"""Command line of a checkout: `python manage.py studio`; see editorapp/__main__.py."""

from editorapp.__main__ import main

if __name__ == "__main__":
    main()
