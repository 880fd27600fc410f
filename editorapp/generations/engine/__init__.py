"""One provider's work: what is due is claimed, posted, polled and written down.

No file is carried here.
"""
