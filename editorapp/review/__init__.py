"""Review owns what people say about a take.

It knows nothing of providers or money. A newcomer would ask why decisions are rows and not a field:
each one keeps who decided, when and why; the generation only copies the latest, for the gallery's
filters.
"""
