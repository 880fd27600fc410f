"""C2PA: a signed file is read back as valid, and says who signed it and how it was made."""

import io
import json
from pathlib import Path

import pytest

from editorapp.exports.provenance import certificates, signed_copies
from editorapp.exports.provenance.ai_mark import AiMark, DigitalSourceType
from editorapp.exports.provenance.certificates import SELF_MADE, installed
from editorapp.exports.provenance.marked import MemoryFile, marked, marked_picture
from editorapp.media import still_store
from tests.exports.test_provenance import DiskFile, packets, whole
from tests.video import write_clip

c2pa = pytest.importorskip("c2pa", reason="the extra c2pa is not installed")
MARK = AiMark(DigitalSourceType.GENERATED, system="ray-3.2")
HASH = "ab" * 32


@pytest.fixture(autouse=True)
def folders(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.DATA_DIR = tmp_path / "media", tmp_path
    settings.C2PA_CERTIFICATE = settings.C2PA_KEY = ""


def read(data: bytes, kind: str) -> tuple[str, dict]:
    with c2pa.Reader(kind, io.BytesIO(data)) as reader:
        told = json.loads(reader.json())
        return reader.get_validation_state(), told["manifests"][told["active_manifest"]]


def signed(file, *, name: str):
    made = signed_copies.signed(file, MARK, sha256=HASH, what="original", name=name)
    assert made is not None
    return made


@pytest.mark.parametrize("ending", ["mp4", "mov"])
def test_a_signed_clip_is_valid_and_plays_as_before(ending: str, tmp_path) -> None:
    clip = write_clip(tmp_path / f"a.{ending}", frames=12)

    made = signed(marked(DiskFile(clip), MARK), name=f"media/a.{ending}")

    data = whole(made.file)
    state, told = read(data, {"mp4": "video/mp4", "mov": "video/quicktime"}[ending])
    assert state == "Valid" and made.signed_by == SELF_MADE
    assert told["signature_info"]["common_name"] == SELF_MADE and "untrusted" in SELF_MADE
    actions = next(one for one in told["assertions"] if one["label"].startswith("c2pa.actions"))
    action = actions["data"]["actions"][0]
    assert action["digitalSourceType"] == DigitalSourceType.GENERATED.url
    assert action["softwareAgent"]["name"] == "ray-3.2"
    out = tmp_path / f"signed.{ending}"
    out.write_bytes(data)
    assert packets(out) == packets(clip)
    assert DigitalSourceType.GENERATED.url.encode() in data[-3000:], "XMP stays beside it"


def test_a_signed_picture_is_valid_and_a_changed_one_is_not(tmp_path) -> None:
    from PIL import Image

    out = io.BytesIO()
    Image.effect_noise((80, 60), 50).save(out, "PNG")

    data = whole(signed(MemoryFile(marked_picture(out.getvalue(), MARK)), name="a.png").file)

    assert read(data, "image/png")[0] == "Valid"
    at = data.rindex(b"IDAT") + 20
    changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    assert read(changed, "image/png")[0] == "Invalid"


def test_a_file_is_signed_once_and_forgotten_with_its_content(tmp_path) -> None:
    clip = DiskFile(write_clip(tmp_path / "a.mp4", frames=4))

    first, second = (whole(signed(clip, name="a.mp4").file) for _ in range(2))
    still_store.forget(HASH)
    third = whole(signed(clip, name="a.mp4").file)

    assert first == second != third
    ranged = signed(clip, name="a.mp4").file
    assert b"".join(ranged.pieces(10, 500)) == third[10:500]


def test_the_installations_own_certificate_signs(settings, tmp_path) -> None:
    chain = certificates.make_chain()
    at = chain.index(b"-----BEGIN CERTIFICATE-----")
    (tmp_path / "key.pem").write_bytes(chain[:at])
    (tmp_path / "chain.pem").write_bytes(chain[at:])
    settings.C2PA_CERTIFICATE = str(tmp_path / "chain.pem")
    settings.C2PA_KEY = str(tmp_path / "key.pem")
    settings.C2PA_ALGORITHM, settings.C2PA_TIMESTAMP_URL = "es256", ""

    clip = DiskFile(write_clip(tmp_path / "a.mp4", frames=4))
    state, told = read(whole(signed(clip, name="a.mp4").file), "video/mp4")

    assert state == "Valid"
    assert not (tmp_path / "c2pa").exists()
    assert installed().tag == certificates.Certificate("", chain[at:], b"").tag


def test_the_self_made_key_is_made_once_and_nobody_else_reads_it(tmp_path) -> None:
    first = installed()
    certificates._self_made.cache_clear()

    assert installed() == first
    kept = tmp_path / "c2pa" / "self-made.pem"
    assert kept.stat().st_mode & 0o077 == 0
    assert [one.name for one in kept.parent.iterdir()] == ["self-made.pem"]


def test_what_cannot_be_signed_leaves_unsigned(tmp_path, caplog) -> None:
    broken = MemoryFile(b"\0\0\0\x10ftypisom\0\0\0\0" + b"junk" * 9)
    made = signed_copies.signed(broken, MARK, sha256=HASH, what="original", name="a.mp4")

    assert made is None and "leaves unsigned" in caplog.text
    assert signed_copies.signed(broken, MARK, sha256=HASH, what="x", name="a.mkv") is None


def test_a_certificate_that_cannot_be_read_stops_no_download(settings, tmp_path, caplog) -> None:
    settings.C2PA_CERTIFICATE = settings.C2PA_KEY = str(tmp_path / "nothing.pem")
    clip = DiskFile(write_clip(tmp_path / "a.mp4", frames=4))

    made = signed_copies.signed(clip, MARK, sha256=HASH, what="original", name="a.mp4")

    assert made is None and "nothing.pem" in caplog.text
