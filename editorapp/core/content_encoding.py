"""Content encodings: unpack what came compressed although nobody asked for it, a bounded piece at a
time.

Every request says `Accept-Encoding: identity`, and some servers, caches and proxies compress all
the same. gzip and deflate are unpacked; anything else (br, zstd, several layers) is said by name.
"""

import zlib
from collections.abc import Iterator

IDENTITY = {"Accept-Encoding": "identity"}
PIECE_BYTES = 256 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_BY_ITSELF, _RAW = 32 + zlib.MAX_WBITS, -zlib.MAX_WBITS  # either header, and none at all


class CannotUnpack(Exception):
    """It came compressed in a way that is not read here, or broken, or is far too long.

    Says so in a sentence.
    """


def named(header: str) -> str:
    """Return the one encoding that a Content-Encoding header names; "" where it names none.

    Raises: CannotUnpack.
    """
    layers = [
        name for one in header.lower().split(",") if (name := one.strip()) not in ("", "identity")
    ]
    if not layers:
        return ""
    if len(layers) == 1 and layers[0] in ("gzip", "x-gzip", "deflate"):
        return layers[0].removeprefix("x-")
    raise CannotUnpack(f"It came compressed ({', '.join(layers)[:40]}), which nobody asked for.")


class Unpacker:
    """Unpacks what comes, as a Content-Encoding header says: piece by piece, none larger than
    PIECE_BYTES.

    `is_whole`: has all of it come? What says that it is gzip and is not comes through as it is.
    """

    def __init__(self, header: str) -> None:
        """Raises: CannotUnpack, where the header names what is not read here."""
        self._name = named(header)
        self._unzip: zlib._Decompress | None = None
        self._first = b""  # what came until it was clear how it is packed
        self._is_plain = not self._name
        self.is_whole = self._is_plain

    @property
    def is_needed(self) -> bool:
        return bool(self._name)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what can be unpacked with these bytes. Raises: CannotUnpack."""
        if self._unzip is None and not self._is_plain:
            self._first += data
            if len(self._first) < len(_GZIP_MAGIC):
                return
            data, self._first = self._first, b""
            self._begin(data)
        if self._unzip is None:
            yield data
            return
        try:
            yield from self._unpacked(data)
        except zlib.error as error:
            raise CannotUnpack(
                f"It came compressed ({self._name}), which nobody asked for, and broken."
            ) from error

    def _begin(self, data: bytes) -> None:
        is_gzip = self._name == "gzip"
        if is_gzip and not data.startswith(_GZIP_MAGIC):
            self._is_plain = self.is_whole = True
            return
        has_header = is_gzip or _has_zlib_header(data)
        self._unzip = zlib.decompressobj(_BY_ITSELF if has_header else _RAW)

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        while self._unzip is not None:
            piece = self._unzip.decompress(data, PIECE_BYTES)
            data = self._unzip.unconsumed_tail
            if piece:
                yield piece
            if self._unzip.eof:
                self.is_whole, data = True, self._unzip.unused_data
                if not data.startswith(_GZIP_MAGIC):
                    return  # padding
                # another member of the same file
                self._unzip, self.is_whole = zlib.decompressobj(_BY_ITSELF), False
            elif not data and len(piece) < PIECE_BYTES:
                return


def _has_zlib_header(data: bytes) -> bool:
    return data[0] & 0x0F == 8 and (data[0] * 256 + data[1]) % 31 == 0


def is_packed(content: bytes, header: str) -> bool:
    """Did it come compressed? Also where gzip is not named, and plainly is."""
    return bool(header) or content.startswith(_GZIP_MAGIC)


def unpack(content: bytes, header: str, *, most: int) -> bytes:
    """Return a whole answer's bytes, unpacked; at most `most` of them.

    Also where gzip is not named, and plainly is.

    Raises: CannotUnpack.
    """
    header = header or ("gzip" if content.startswith(_GZIP_MAGIC) else "")
    unpacker, found, size = Unpacker(header), [], 0
    if not unpacker.is_needed:
        return content
    for piece in unpacker.pieces(content):
        found.append(piece)
        size += len(piece)
        if size > most:
            raise CannotUnpack(
                f"It came compressed, which nobody asked for, and is longer than {most:,} bytes."
            )
    if not unpacker.is_whole and content:
        raise CannotUnpack("It came compressed, which nobody asked for, and not whole.")
    return b"".join(found)
