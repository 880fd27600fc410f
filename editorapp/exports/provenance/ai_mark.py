"""AI mark: what a file says of how it was made, as an XMP packet.

Source: IPTC Photo Metadata and Video Metadata Hub (digital source type, AI system used), and IPTC's
"Guidance for using Digital Source Type".
"""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from xml.sax.saxutils import quoteattr

from editorapp.core.sanitizing import clean_text
from editorapp.generations.models import Generation

NEWSCODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
LONGEST_PACKET = 1_000_000  # bytes of a packet that is in a file already
_RDF_END = re.compile(r"</(\w+:)?RDF>")
_ORIGINAL = re.compile(r'xmpMM:OriginalDocumentID="sha256:([0-9a-f]{64})"')
_NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
}
_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{}</rdf:RDF>'
    '</x:xmpmeta><?xpacket end="w"?>'
)


class DigitalSourceType(StrEnum):
    """The two of IPTC's terms that a take can have."""

    GENERATED = "trainedAlgorithmicMedia"
    EDITED = "compositeWithTrainedAlgorithmicMedia"

    @property
    def url(self) -> str:
        return NEWSCODES + self.value


@dataclass(frozen=True)
class AiMark:
    """How a file was made, and with what. `original_sha256`: of the stored file that it is a copy of;
    "" for what was made of one.
    """

    source_type: DigitalSourceType
    system: str = ""
    is_simulated: bool = False
    original_sha256: str = ""

    @cached_property
    def tag(self) -> str:
        """A short name of all that it says, for ETags and names of kept files."""
        return hashlib.sha256(self.packet().encode()).hexdigest()[:8]

    @property
    def tool(self) -> str:
        return "Rushes (simulated take)" if self.is_simulated else "Rushes"

    def packet(self, before: str = "") -> str:
        """Return the XMP packet; `before` is one that the file has already, which is kept.

        A packet that says a digital source type comes back as it is: whoever wrote it knew more.
        """
        if "DigitalSourceType" in before:
            return before
        ends = list(_RDF_END.finditer(before))
        if not ends:
            return _PACKET.format(self._description())
        at = ends[-1].start()
        return before[:at] + self._description() + before[at:]

    def _description(self) -> str:
        said = {
            "rdf:about": "",
            "Iptc4xmpExt:DigitalSourceType": self.source_type.url,
            "Iptc4xmpExt:AISystemUsed": clean_text(self.system),
            "xmp:CreatorTool": self.tool,
        }
        if self.original_sha256:
            said["xmpMM:OriginalDocumentID"] = f"sha256:{self.original_sha256}"
        names = " ".join(f'xmlns:{name}="{url}"' for name, url in _NAMESPACES.items())
        values = " ".join(f"{name}={quoteattr(value)}" for name, value in said.items())
        return f"<rdf:Description {names} {values}/>"


def original_in(packet: str) -> str:
    """Return the hash of the stored file that a packet of ours names; "" where it names none."""
    found = _ORIGINAL.search(packet)
    return found[1] if found else ""


def mark_of(take: Generation) -> AiMark:
    """Return the mark of a take's files: generated, where all of its lineage is; edited, where that
    began with a clip that somebody uploaded.
    """
    began_with_a_clip = take.lineage.startswith("a")
    kind = DigitalSourceType.EDITED if began_with_a_clip else DigitalSourceType.GENERATED
    return AiMark(kind, system=take.model, is_simulated=take.is_simulated)
