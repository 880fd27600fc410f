"""Backends of the store: `folder` on this machine's disk, or `bucket` in S3-compatible
storage with a cache.

Both answer to the same few verbs (folder.py says which), so that nobody but store.py knows
which one it is.
"""
