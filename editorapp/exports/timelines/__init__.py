"""Timelines: one model of clips in a row with markers, and a writer for each format.

The formats are text of a few elements, so we write them ourselves: OpenTimelineIO's adapters leave the
duration of a frame out of FCPXML, the end out of markers, and read no drop-frame locators. It reads what
we write in the tests.
"""
