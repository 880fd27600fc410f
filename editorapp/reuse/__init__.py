"""Reuse owns what a person keeps of the studio's form: drafts of theirs, presets and recipes of the
team, and the prompts that they have used before.

It knows a form as names and values only: what they mean is read by the pages. A newcomer would ask
why it is a room of its own: these rows are no requests, hold no money, and their pages are the only
ones who need them; generations lie left of it, so that none of it can ever change what is sent.
"""
