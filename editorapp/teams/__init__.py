"""Teams own people, their roles, and the links that let them in.

They know nothing of video or money. A newcomer would ask why a role is not a Django group: three
roles with fixed meanings are a table (roles.py) that pages and queries read, not data that somebody
could edit by accident.
"""
