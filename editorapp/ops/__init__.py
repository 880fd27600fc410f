"""Ops runs an installation: the supervisor and its processes, preparing, backup and restore, health
probes, metrics and what the status page reads.

It knows no page. A newcomer would ask why it is not part of web: none of it answers a browser, and
scripts need an engine as much as pages do.
"""
