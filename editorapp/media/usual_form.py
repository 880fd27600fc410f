"""Usual form: the containers and codings of clips that whoever takes video can be counted on to
read.
"""

CONTAINERS = frozenset({"mp4", "m4v", "mov", "webm", "mkv"})
CODECS = frozenset({"h264", "hevc", "vp8", "vp9", "av1"})
# 4:2:0 in 8 or 10 bits: what cameras and exports for the web have.
PIXEL_FORMATS = frozenset({"yuv420p", "yuvj420p", "yuv420p10le"})


def is_usual(container: str, codec: str, pixel_format: str) -> bool:
    """Is a clip in such a form? What is not known ("") counts as usual."""
    said = ((container, CONTAINERS), (codec, CODECS), (pixel_format, PIXEL_FORMATS))
    return all(not value or value in known for value, known in said)
