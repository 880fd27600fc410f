"""Teams own people, their roles, the projects that they are in, the links that let them in, and the
log of what they did.

They know nothing of video or money. A newcomer would ask why a role is not a Django group: six roles
with fixed meanings are a table (roles.py) that pages and queries read, not data that somebody could
edit by accident. And why the audit log has no foreign keys: it stays as it was written, whoever and
whatever goes.
"""
