"""Simulator: an HTTP server that speaks the providers' protocols and really re-renders the
video it is given.

Nobody imports it: adapters meet it over HTTP, like any provider. A newcomer would ask why it keeps
state of its own and not in the application's tables: a provider would not either. And why it has an
HTTP server of its own: it must be able to fall silent, cut a connection and trickle, which servers
are built to prevent.

http, state, faults, storage and the worker pool know no provider; `protocol` is what all
providers' protocols share, and each of them is one module or package (luma_agents).
"""
