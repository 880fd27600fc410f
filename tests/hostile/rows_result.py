"""A result: paid by now, so it is fetched with patience, over fresh links, and ends here or with a
person.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.hostile.row import FILE, GMI, LINK, LOST, LUMA, NO_OUTPUT, NOT_FETCHED, OK, SCENARIO, Row
from tests.hostile.rows_submit import ENDS, SILENT
from tests.hostile.server import Place, Reply, Spoil
from tests.hostile.spoils import (
    HTML,
    ODD_VALUES,
    body,
    chunked,
    deflated,
    field,
    gzipped,
    head,
    raw,
    says,
    status,
)
from tests.hostile.wires import CLIP

FETCHED = replace(OK, most=12)  # after some tries
# Where no result of anybody's can lie. {own} is the port of the provider, {other} another of this
# machine.
LINKS = {
    "words": "soon",
    "a line break": "https://198.51.100.7/cl\r\nip.mp4",
    "half a character": "https://198.51.100.7/\ud83d.mp4",
    "a NUL": "https://198.51.100.7/\x00.mp4",
    "an address that is none": "https://[::1/clip.mp4",
    "a port that is none": "https://198.51.100.7:99999/clip.mp4",
    "a port of letters": "https://198.51.100.7:abc/clip.mp4",
    "no host": "https:///clip.mp4",
    "only a path": "/result/clip.mp4",
    "no scheme": "//198.51.100.7/clip.mp4",
    "a file": "file:///etc/passwd",
    "FTP": "ftp://198.51.100.7/clip.mp4",
    "a script": "javascript:alert(1)",
    "data": "data:video/mp4;base64,AAAA",
    "not secure": "http://198.51.100.7/clip.mp4",
    "another port": "http://127.0.0.1:{other}/clip.mp4",
    "this machine": "https://127.0.0.1:{other}/clip.mp4",
    "this machine by name": "https://localhost:{other}/clip.mp4",
    "this machine in IPv6": "https://[::1]:{other}/clip.mp4",
    "this machine inside IPv6": "https://[::ffff:127.0.0.1]:{other}/clip.mp4",
    "this machine as a number": "https://2130706433:{other}/clip.mp4",
    "this machine as NAT64": "https://[64:ff9b::7f00:1]:{other}/clip.mp4",
    "a private network": "https://10.0.0.1/clip.mp4",
    "a cloud's own data": "http://169.254.169.254/latest/meta-data",
    "nowhere": "https://0.0.0.0:{other}/clip.mp4",
    "a name and a password": "https://luma:secret@127.0.0.1:{other}/clip.mp4",
    "a name and a password at the provider": "http://luma:secret@127.0.0.1:{own}/clip.mp4",
    "8,000 characters": "https://198.51.100.7/" + "x" * 7_900 + ".mp4",
    "a megabyte": "https://198.51.100.7/" + "x" * 1_000_000,
    "a host of dots": "https://..../clip.mp4",
    "a host with a percent": "https://127.0.0.1%2f@x/clip.mp4",
    "a host too long": f"https://{'x' * 300}/clip.mp4",
}
SOME_LINKS = (
    "a line break",
    "half a character",
    "an address that is none",
    "a file",
    "no host",
    "a private network",
)
MOVED = (301, 302, 307)
AROUND = {
    "blanks around it": "  {url} \t",
    "a line break at its end": "{url}\r\n",
    "a fragment": "{url}#t=0",
}


def _link(text: str) -> Callable[[Place], str]:
    """Return a link for a place, with the ports of its machine filled in."""

    def made(place: Place) -> str:
        own = place.base.rpartition(":")[2].partition("/")[0]
        return (
            text.replace("{own}", own)
            .replace("{other}", str(place.other_port))
            .replace("{url}", place.wire.link_to(place))
        )

    return made


def _moved(code: int, where: Callable[[Place], str]) -> Spoil:
    return Spoil(lambda asked, good, place: Reply.of(code, b"", {"Location": where(place)}))


def rows() -> list[Row]:
    """Return every row about a result's link and its file."""
    found = [
        Row(
            f"a link of {name}",
            LINK,
            field(url=_link(link)),
            NO_OUTPUT if name == "a megabyte" else NOT_FETCHED,
            is_shared=True,
        )
        for name, link in LINKS.items()
    ]
    found += [
        Row(f"once a link of {name}", LINK, field(1, url=_link(link)), FETCHED, is_shared=True)
        for name, link in LINKS.items()
        if name in SOME_LINKS
    ]
    # A number that no database holds comes as text, and GMI may name several links where one is
    # documented.
    as_text = {
        "a huge number": NOT_FETCHED,
        "not a number": NOT_FETCHED,
        "a list": NO_OUTPUT | {GMI: NOT_FETCHED},
    }
    found += [
        Row(f"a link that is {name}", LINK, field(url=value), as_text.get(name, NO_OUTPUT))
        for name, value in ODD_VALUES.items()
    ]
    found += [
        Row(f"a link with {name}", LINK, field(url=_link(link)), OK)
        for name, link in AROUND.items()
    ]
    return found + _outputs() + _files()


# What is named beside the clip, by the name of its file at the provider.
SHAPES: dict[str, tuple[list[str], bool]] = {
    "a picture first": (["poster.png", CLIP], True),
    "a sound first": (["sound.m4a", CLIP], True),
    "all of it, the clip last": (["poster.png", "sound.m4a", "frames.zip", CLIP], True),
    "only a picture": (["poster.png"], False),
    "only a sound": (["sound.m4a"], False),
    "two clips": ([CLIP, "other.mp4"], True),
    "a clip of another length first": (["short.mp4", CLIP], True),
    "a broken clip first": (["broken.mp4", CLIP], True),
    "a preview first": (["preview.mp4", CLIP], True),
}
TYPES = (
    "VIDEO",
    "video/mp4",
    "Video",
    "mp4",
    "movie",
    "",
    "unknown",
    "application/octet-stream",
    "half \ud83d",
    "a NUL\x00",
)


def _outputs() -> list[Row]:
    found = []
    for name, (files, is_there) in SHAPES.items():
        end = {
            slug: replace(OK, most=8)
            if is_there
            else NO_OUTPUT[slug]
            if slug != LUMA
            else NOT_FETCHED
            for slug in NO_OUTPUT
        }
        if name.startswith(("a clip of another", "a broken")):
            end[SCENARIO] = (
                # its first clip is the one that a later request names: no other is taken for it
                NOT_FETCHED
            )
        found.append(Row(f"names {name}", "poll", _shape(files), end))
    for value in TYPES:
        found.append(
            Row(
                f"a type of {value!r}",
                LINK,
                field(type=value),
                OK,
                [LUMA, SCENARIO],
                is_shared=True,
            )
        )
    for name, value in ODD_VALUES.items():
        found.append(Row(f"a type that is {name}", LINK, field(type=value), OK, [LUMA, SCENARIO]))
        found.append(
            Row(
                f"outputs that are {name}",
                "poll",
                field(outputs=value),
                {LUMA: NOT_FETCHED, SCENARIO: LOST if name == "a list" else NO_OUTPUT[SCENARIO]},
                [LUMA, SCENARIO],
            )
        )
        found.append(
            Row(
                f"outputs that are {name}, beside a good link",
                "poll",
                field(outputs=value),
                OK,
                [GMI],
            )
        )
    return found


def _shape(files: list[str]) -> Spoil:
    """Name these files as a result, as each wire does."""

    def answer(asked: Any, good: Reply, place: Place) -> Reply:
        document = json.loads(good.pieces[0].partition(b"\r\n\r\n")[2])
        links = [place.wire.link_to(place, name) for name in files]
        if place.wire.slug == LUMA:
            document["output"] = [{"type": None, "url": link} for link in links]
        elif place.wire.slug == GMI:
            document["outcome"] = {
                "media_urls": [{"id": str(at), "url": link} for at, link in enumerate(links)]
            }
        else:
            document["job"]["metadata"]["assetIds"] = [f"{place.job}--{name}" for name in files]
        return Reply.json(200, document)

    return Spoil(answer)


VIDEO = b"Content-Type: video/mp4"
NOT_THE_FILE = {
    "a web page": says(HTML, Content_Type="text/html"),
    "a web page that calls itself a video": says(HTML, Content_Type="video/mp4"),
    "JSON": says(b'{"error": "try again"}'),
    "XML": says(
        b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
        Content_Type="application/xml",
    ),
    "nothing": says(b""),
    "nothing, as 204": status(204, b""),
    "zeros": says(bytes(50_000), Content_Type="video/mp4"),
    "noise": says(bytes(range(256)) * 200, Content_Type="video/mp4"),
    "half the file, and says so": body(
        lambda good: good[: len(good) // 2], Content_Type="video/mp4"
    ),
    "the file without its end": body(lambda good: good[:-700], Content_Type="video/mp4"),
    "the file, cut at the same byte": Spoil(
        lambda asked, good, place: Reply((good.pieces[0][:2500],), "close")
    ),
    "less than announced": Spoil(
        lambda asked, good, place: Reply(
            (head(VIDEO, b"Content-Length: 9000000"), bytes(9000)), "close"
        )
    ),
    "a length beyond the limit": raw(head(VIDEO, b"Content-Length: 90000000000"), bytes(9000)),
    "a part that nobody asked for": status(206, bytes(9000), Content_Range="bytes 0-8999/9000"),
    "a range that is none": status(416, b""),
    "a broken gzip": body(lambda good: gzipped(good)[:-30], Content_Encoding="gzip"),
    "a coding that nobody knows": body(gzipped, Content_Encoding="snail"),
    "a stream without an end": raw(
        head(VIDEO, b"Transfer-Encoding: chunked"), *[b"10000\r\n" + bytes(65536) + b"\r\n"] * 100
    ),
    "more than the limit, with no length": raw(head(VIDEO), *[bytes(65536)] * 100),
}
SOME_FILES = (
    "a web page",
    "nothing",
    "half the file, and says so",
    "the file, cut at the same byte",
    "a broken gzip",
    "a part that nobody asked for",
    "zeros",
)
WHOLE = {
    "a picture": "poster.png",
    "a sound": "sound.m4a",
    "an archive": "frames.zip",
    "another video than asked for": "short.mp4",
}
STATUSES = (400, 401, 403, 404, 405, 410, 429, 500, 502, 503, 504)
FINE = {
    "a gzip": body(gzipped, Content_Encoding="gzip"),
    "a deflate": body(deflated, Content_Encoding="deflate"),
    "no type": body(lambda good: good, Content_Type=""),
    "another type": body(lambda good: good, Content_Type="text/html"),
    "no length": Spoil(
        lambda asked, good, place: Reply.of(
            200, good.pieces[0].partition(b"\r\n\r\n")[2], {"Content-Length": ""}, end="close"
        )
    ),
    "pieces": Spoil(
        lambda asked, good, place: Reply(
            (
                head(VIDEO, b"Transfer-Encoding: chunked"),
                chunked(good.pieces[0].partition(b"\r\n\r\n")[2]),
            )
        )
    ),
}


def _files() -> list[Row]:
    found = [
        Row(f"{name} for ever", FILE, spoil, NOT_FETCHED) for name, spoil in NOT_THE_FILE.items()
    ]
    found += [
        Row(f"{name}, twice", FILE, replace(spoil, times=2), FETCHED)
        for name, spoil in NOT_THE_FILE.items()
        if name in SOME_FILES
    ]
    found += [
        Row(f"{what} for ever", FILE, _instead(name), replace(NOT_FETCHED, says="came"))
        for what, name in WHOLE.items()
    ]
    found += [
        Row(f"{what}, once", FILE, replace(_instead(name), times=1), FETCHED)
        for what, name in WHOLE.items()
    ]
    found += [Row(f"status {code} for ever", FILE, status(code), NOT_FETCHED) for code in STATUSES]
    found += [
        Row(f"status {code}, three times", FILE, status(code, times=3), FETCHED)
        for code in (403, 404, 429, 503)
    ]
    found += [
        Row(f"ends with {name}, twice", FILE, replace(spoil, times=2), FETCHED)
        for name, spoil in ENDS.items()
        if "body is read" not in name
    ]
    found += [
        Row(f"ends with {name} for ever", FILE, ENDS[name], NOT_FETCHED)
        for name in ("no answer", "another protocol", "a head without an end")
    ]
    found += [
        Row(f"ends with {name}, once", FILE, replace(spoil, times=1), FETCHED, is_silent=True)
        for name, spoil in SILENT.items()
        if "body is read" not in name
    ]
    found += [
        Row(f"moved, {code}, to itself", FILE, _moved(code, place_link), NOT_FETCHED)
        for code in MOVED
    ]
    found += [
        Row(
            f"moved, {code}, to another port",
            FILE,
            _moved(code, _link("http://127.0.0.1:{other}/clip.mp4")),
            NOT_FETCHED,
        )
        for code in MOVED
    ]
    found += [
        Row(f"moved to {name}", FILE, _moved(302, _link(LINKS[name])), NOT_FETCHED)
        for name in ("an address that is none", "a file", "half a character", "this machine")
    ]
    found += [Row(f"the file as {name}", FILE, spoil, OK) for name, spoil in FINE.items()]
    found += [
        Row(f"503, and again after {said}", FILE, status(503, times=1, Retry_After=said), FETCHED)
        for said in ("120", "soon", "Wed, 21 Oct 2026 07:28:00 +99999")
    ]
    return found


def place_link(place: Place) -> str:
    return place.wire.link_to(place)


def _instead(name: str) -> Spoil:
    return Spoil(
        lambda asked, good, place: Reply.of(200, place.files[name], {"Content-Type": "video/mp4"})
    )
