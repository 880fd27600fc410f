"""Where results are fetched from and files are sent to: the address that was judged, or a proxy
that knows the name.
"""

import asyncio
from pathlib import Path

import pytest

from editorapp.generations.files import download as links
from editorapp.generations.files.download import CutOff, LinkNotAllowed, download
from editorapp.generations.files.partial import PartialFile
from editorapp.providers.contract import Access, UploadRefused
from editorapp.providers.http.session import ProviderSession
from editorapp.simulator import references
from tests.outside import PUBLIC, Outside, Server, certificate, forward_proxy, gives, serving, trust

REAL = Access(1, "luma-agents", "https://agents.lumalabs.ai/v1", "luma-api-x")
NAME = "results.example.org"
LINK = f"https://{NAME}/a.mp4?signature=hush"
BODY = b"a whole result " * 1000


@pytest.fixture
def paper(tmp_path: Path, monkeypatch) -> Path:
    """The certificate of NAME, which is trusted."""
    made = certificate(tmp_path / "paper.pem", NAME)
    trust(monkeypatch, made)
    return made


async def fetched(folder: Path, link: str = LINK, access: Access = REAL) -> bytes:
    part = PartialFile.begin(folder / "a.part")
    try:
        await download(link, part, access=access, max_bytes=1_000_000)
    finally:
        part.close()
    return part.path.read_bytes()


def test_the_address_that_was_judged_is_the_one_that_is_connected_to(tmp_path, outside, paper):
    outside.names[NAME] = [[PUBLIC], ["127.0.0.1"]]  # another answer to the second look-up

    async def scenario() -> Server:
        _running, server = await serving(gives(BODY), tls=paper)
        outside.ports[PUBLIC] = server.port
        assert await fetched(tmp_path) == BODY
        return server

    server = asyncio.run(scenario())

    assert outside.looked_up == [NAME] and outside.connected == [PUBLIC]
    assert f"Host: {NAME}".encode() in server.asked[0]


def test_a_certificate_must_be_that_of_the_name_although_an_address_is_connected_to(
    tmp_path, outside, monkeypatch
):
    other = certificate(tmp_path / "other.pem", "other.example.org")
    trust(monkeypatch, other)
    monkeypatch.setattr(links, "CUTS_AT_MOST", 1)
    outside.names[NAME] = [[PUBLIC]]

    async def scenario() -> Server:
        _running, server = await serving(gives(BODY), tls=other)
        outside.ports[PUBLIC] = server.port
        with pytest.raises(CutOff):
            await fetched(tmp_path)
        return server

    assert asyncio.run(scenario()).asked == []


def test_the_next_address_is_taken_where_one_takes_no_connection(tmp_path, outside, paper):
    outside.names[NAME] = [["2606:2800:220:1:248:1893:25c8:1946", PUBLIC]]

    async def scenario() -> bytes:
        _running, server = await serving(gives(BODY), tls=paper)
        outside.ports[PUBLIC] = server.port
        return await fetched(tmp_path)

    assert asyncio.run(scenario()) == BODY


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "64:ff9b::808:808", "fec0::1"]
)
def test_a_name_that_leads_into_our_own_network_is_never_connected_to(tmp_path, outside, address):
    outside.names[NAME] = [[address]]

    with pytest.raises(LinkNotAllowed, match="not on the public network"):
        asyncio.run(fetched(tmp_path))
    assert outside.connected == []


def test_a_name_that_nobody_here_knows_says_so(tmp_path, outside):
    with pytest.raises(CutOff, match=f"{NAME} cannot be found"):
        asyncio.run(fetched(tmp_path))


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_behind_a_proxy_that_alone_knows_the_names_a_paid_result_is_fetched(
    tmp_path, outside, paper, monkeypatch, variable
):
    async def scenario() -> Server:
        _running, server = await serving(gives(BODY), tls=paper)
        _proxying, proxy = await forward_proxy({NAME: server.port})
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        assert await fetched(tmp_path) == BODY
        return proxy

    proxy = asyncio.run(scenario())

    assert proxy.asked[0].startswith(f"CONNECT {NAME}:443 HTTP/1.1\r\n".encode())
    assert outside.looked_up == []


def test_what_lies_at_an_unencrypted_base_url_is_asked_for_in_full_of_the_proxy(
    tmp_path, outside, monkeypatch
):
    own = Access(1, "luma-agents", "http://gateway.example.org/v1", "luma-api-x")

    async def scenario() -> Server:
        _running, server = await serving(gives(BODY))
        _proxying, proxy = await forward_proxy({"gateway.example.org": server.port})
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert await fetched(tmp_path, "http://gateway.example.org/results/1.mp4", own) == BODY
        return proxy

    proxy = asyncio.run(scenario())

    assert proxy.asked[0].startswith(b"GET http://gateway.example.org/results/1.mp4 HTTP/1.1\r\n")
    assert outside.looked_up == []


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "169.254.169.254", "[::1]", "metadata.google.internal", "2130706433"]
)
def test_a_proxy_is_no_way_around_the_judgement_of_an_address(tmp_path, outside, monkeypatch, host):
    async def scenario() -> Server:
        _proxying, proxy = await forward_proxy({host: 1})
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(LinkNotAllowed):
            await fetched(tmp_path, f"https://{host}/a.mp4")
        return proxy

    assert asyncio.run(scenario()).asked == []


def test_a_name_that_the_proxy_is_not_for_is_looked_up_and_judged_here(
    tmp_path, outside, monkeypatch
):
    outside.names[NAME] = [["10.0.0.1"]]
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "example.org")

    with pytest.raises(LinkNotAllowed):
        asyncio.run(fetched(tmp_path))
    assert outside.looked_up == [NAME] and outside.connected == []


def test_a_redirect_is_not_followed_into_our_own_network(tmp_path, outside, paper, monkeypatch):
    monkeypatch.setattr(links, "CUTS_AT_MOST", 1)
    outside.names[NAME] = [[PUBLIC]]
    moved = b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/secret\r\nContent-Length: 0\r\n\r\n"

    async def scenario() -> None:
        _running, server = await serving(lambda _head: moved, tls=paper)
        outside.ports[PUBLIC] = server.port
        with pytest.raises(CutOff):
            await fetched(tmp_path)

    asyncio.run(scenario())

    assert set(outside.connected) == {PUBLIC}


def test_a_simulated_account_fetches_from_the_simulator_alone(tmp_path, outside):
    simulated = Access(
        1, "luma-agents", "http://127.0.0.1:8001/luma-agents/v1", "x", is_simulated=True
    )

    for link in (
        LINK,
        "http://127.0.0.1:8002/a.mp4",
        "https://127.0.0.1:8001/a.mp4",
        "http://a@127.0.0.1:8001/a.mp4",
    ):
        with pytest.raises(LinkNotAllowed):
            asyncio.run(fetched(tmp_path, link, simulated))
    assert outside.looked_up == [] and outside.connected == []


def put(access: Access, link: str, file: Path) -> None:
    async def scenario() -> None:
        async with ProviderSession(access) as wire:
            await wire.upload(link, file, headers={})

    asyncio.run(scenario())


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    file = tmp_path / "clip.mp4"
    file.write_bytes(b"a clip of ours")
    return file


@pytest.mark.parametrize(
    "link",
    [
        "http://store.example.org/put",
        "https://10.0.0.1/put",
        "https://169.254.169.254/put",
        "https://[::1]/put",
        "http://127.0.0.1:9200/put",
        "https://0x7f.1/put",
        "https://inside.example.org/put",
    ],
)
def test_no_file_of_ours_is_sent_into_our_own_network_by_a_provider(outside, clip, link):
    outside.names["inside.example.org"] = [["192.168.1.1"]]

    with pytest.raises(UploadRefused, match="where nothing may be sent"):
        put(REAL, link, clip)
    assert outside.connected == []


def test_a_simulated_account_sends_to_the_simulator_alone(outside, clip):
    simulated = Access(
        1, "luma-agents", "http://127.0.0.1:8001/luma-agents/v1", "x", is_simulated=True
    )

    for link in ("http://127.0.0.1:8002/put", "https://127.0.0.1:8001/put", LINK):
        with pytest.raises(UploadRefused):
            put(simulated, link, clip)
    assert outside.looked_up == [] and outside.connected == []


def test_a_file_goes_to_the_address_that_was_judged(outside, paper, clip):
    outside.names[NAME] = [[PUBLIC], ["127.0.0.1"]]
    taken = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    async def scenario() -> Server:
        _running, server = await serving(lambda _head: taken, tls=paper)
        outside.ports[PUBLIC] = server.port
        async with ProviderSession(REAL) as wire:
            await wire.upload(LINK, clip, headers={"Content-Type": "video/mp4"})
        return server

    server = asyncio.run(scenario())

    assert outside.connected == [PUBLIC] and b"authorization" not in server.asked[0].lower()


def test_a_file_goes_through_the_proxy_that_alone_knows_the_name(outside, paper, clip, monkeypatch):
    taken = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    async def scenario() -> Server:
        _running, server = await serving(lambda _head: taken, tls=paper)
        _proxying, proxy = await forward_proxy({NAME: server.port})
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        async with ProviderSession(REAL) as wire:
            await wire.upload(LINK, clip, headers={})
        return proxy

    assert asyncio.run(scenario()).asked[0].startswith(f"CONNECT {NAME}:443".encode())
    assert outside.looked_up == []


def test_an_upload_address_that_cannot_be_parsed_is_told_from_one_that_is_not_allowed(
    outside, clip
):
    with pytest.raises(UploadRefused):
        put(REAL, "https://[::1/put", clip)


@pytest.mark.parametrize("address", ["10.0.0.1", "64:ff9b::a00:1", "224.0.0.1", "2002:7f00:1::"])
def test_the_simulator_fetches_no_source_from_our_own_network(tmp_path, outside, address):
    outside.names[NAME] = [[address]]

    with pytest.raises(references.UnusableReference):
        asyncio.run(references.fetch("source", LINK, tmp_path / "a.mp4"))
    assert outside.connected == []


def test_the_simulator_fetches_a_source_from_the_address_that_it_judged(
    tmp_path, outside: Outside, paper
):
    outside.names[NAME] = [[PUBLIC], ["127.0.0.1"]]

    async def scenario() -> None:
        _running, server = await serving(gives(BODY), tls=paper)
        outside.ports[PUBLIC] = server.port
        await references.fetch("source", LINK, tmp_path / "a.mp4")

    asyncio.run(scenario())

    assert (tmp_path / "a.mp4").read_bytes() == BODY and outside.connected == [PUBLIC]
