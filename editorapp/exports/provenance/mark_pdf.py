"""PDF: the packet as the document's metadata, in an update behind what is there. For the PDFs that we make.

Source: ISO 32000-1, 7.5.6 (incremental updates) and 14.3.2 (metadata streams).
"""

import re

from editorapp.exports.provenance.splice import Unmarkable

_TRAILER = re.compile(rb"trailer\s*(<<.*?>>)\s*startxref\s+(\d+)\s+%%EOF\s*$", re.S)
_ROOT, _SIZE = re.compile(rb"/Root (\d+) 0 R"), re.compile(rb"/Size (\d+)")


def marked_pdf(data: bytes, packet: str) -> bytes:
    """Return the PDF with the packet in it. Raises: Unmarkable."""
    trailer = _TRAILER.search(data)
    root, size = (one.search(trailer[1]) if trailer else None for one in (_ROOT, _SIZE))
    if trailer is None or root is None or size is None:
        raise Unmarkable("no PDF of ours")
    number, free = int(root[1]), int(size[1])
    catalog = re.search(rb"(?<!\d)%d 0 obj\s*<<(.*?)>>\s*endobj" % number, data, re.S)
    if catalog is None:
        raise Unmarkable("a PDF without a catalogue")
    text = packet.encode()
    head = b"<<\n/Type /Metadata\n/Subtype /XML\n/Length %d\n>>\nstream\n" % len(text)
    body = b"<<%s/Metadata %d 0 R\n>>" % (catalog[1], free)
    objects = {number: body, free: head + text + b"\nendstream"}
    said = trailer[1].replace(size[0], b"/Size %d" % (free + 1))
    return _updated(data, objects, said.removesuffix(b">>") + b"/Prev %d\n>>" % int(trailer[2]))


def _updated(data: bytes, objects: dict[int, bytes], trailer: bytes) -> bytes:
    """Return a PDF with objects written behind it, and the table that says where they are."""
    out, table = bytearray(data + b"\n"), b"xref\n"
    for number, body in sorted(objects.items()):
        table += b"%d 1\n%010d 00000 n \n" % (number, len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    return bytes(out + table + b"trailer\n" + trailer + b"\nstartxref\n%d\n%%%%EOF\n" % start)
