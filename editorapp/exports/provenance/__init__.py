"""Provenance: every file of a take that leaves says that it was made with AI (IPTC's digital source type, as
XMP), and where the extra `c2pa` is installed it is signed.

What is stored stays as it came, for its hash is its name and the provider's. The mark is spliced in
while the file is sent: a few bytes at places that are found by reading headers. So nothing is copied,
nothing coded anew, every byte range is right, and the size is known before.
"""
