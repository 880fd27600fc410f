"""Before anything is sent: a draft is weighed, priced and offered, becomes a queued generation, or
is taken back.
"""
