"""Shared rules: what several providers judge alike, each of them written once.

A provider adopts one under its own number, source and answer, with other words only where it
differs: `settings.EXR_NEEDS_HDR.adopt("GE14", "3.4 stated S2", "exr_export requires hdr")`.
"""
