"""Kept parts in templates: {% load kept %}{% kept "stage/_keys.html" %}.

Values by name: all that the part says. See web.presenters.kept_parts.
"""

from django import template

from editorapp.web.presenters.kept_parts import kept_part

register = template.Library()
register.simple_tag(kept_part, name="kept")
