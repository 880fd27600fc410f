"""Backup and restore: the database as it was at one instant, every stored file with its hash, and
the signing key.

A backup is a folder that appears under its name only when it is whole. A restore goes into an empty
installation only, and nothing that the lost one may have sent after the backup is ever sent again
by itself (generations/reconcile/).
"""
