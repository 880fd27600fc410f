"""Addresses that others name lead to the public network or nowhere, however they are spelled and
looked up.
"""

import asyncio
from ipaddress import ip_address

import httpx
import pytest

from editorapp.core.ssrf_guard import (
    AddressNotAllowed,
    HostNotFound,
    NoAddress,
    judged,
    proxy_for,
    resolve,
    why_refused,
)

REFUSED = (
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.0.1",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::8.8.8.8",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "4000::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "2606:4700::5efe:10.0.0.1",
    "2606:4700::200:5efe:127.0.0.1",
)


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_of_the_public_network_is_refused_by_name(address):
    assert why_refused(ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "::ffff:1.1.1.1", "2606:4700:4700::1111"]
)
def test_an_ordinary_public_address_is_let_through(address):
    assert why_refused(ip_address(address)) == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://media.example.org/a.mp4",
        "ftp://media.example.org/a",
        "file:///etc/passwd",
        "https:///a",
        "https://127.0.0.1/a",
        "https://127.0.0.1./a",
        "https://0x7f.1/a",
        "https://0x7f000001/a",
        "https://2130706433/a",
        "https://0177.0.0.1/a",
        "https://127.1/a",
        "https://127.0.0.0x1/a",
        "https://1.1.1/a",
        "https://１２７.０.０.１/a",
        "https://%31%32%37.0.0.1/a",
        "https://[::1]/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://[fe80::1%25eth0]/a",
        "https://1.1.1.1\\@127.0.0.1/a",
        "https://public.example.org@127.0.0.1/a",
        "https://user:word@media.example.org/a",
        "https://localhost/a",
        "https://LOCALHOST./a",
        "https://a.localhost/a",
        "https://printer.local/a",
        "https://metadata.google.internal/a",
        "https://metadata/a",
        "https://media..example.org/a",
        "https://-a.example.org/a",
        "https://media.example.org:22/a",
        "https://media.example.org:25/a",
        "https://media.example.org:0/a",
        "https://media.example.org.10/a",
    ],
)
def test_a_link_that_cannot_be_one_of_the_public_network_is_refused_before_any_look_up(
    url, outside
):
    with pytest.raises(AddressNotAllowed):
        judged(url)
    assert outside.looked_up == []


@pytest.mark.parametrize(
    "url", ["https://[::1/a", "https://a\nb.example.org/", "https://example.org:x/", "\ud83d"]
)
def test_what_is_no_address_is_told_apart(url):
    with pytest.raises(NoAddress):
        judged(url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://media.example.org/a?b=c", "media.example.org"),
        ("https://MEDIA.example.org./a", "media.example.org"),
        ("https://media.example.org:8443/a", "media.example.org"),
        ("https://1.1.1.1/a", "1.1.1.1"),
        ("https://[2606:4700:4700::1111]/a", "2606:4700:4700::1111"),
        ("https://bücher.example.org/a", "xn--bcher-kva.example.org"),
    ],
)
def test_a_link_of_the_public_network_is_let_through(url, host):
    assert judged(url).raw_host.decode() == host


def test_one_address_of_a_name_that_is_not_public_refuses_the_name(outside):
    outside.names["media.example.org"] = [["93.184.216.34", "10.0.0.1"]]

    with pytest.raises(AddressNotAllowed, match="a private network"):
        asyncio.run(resolve("media.example.org", 443))


def test_a_name_that_has_no_address_says_so(outside):
    with pytest.raises(HostNotFound, match=r"nowhere\.example\.org cannot be found"):
        asyncio.run(resolve("nowhere.example.org", 443))


@pytest.mark.parametrize(
    ("named", "url", "through"),
    [
        ({"HTTPS_PROXY": "http://p:1"}, "https://media.example.org/", "http://p:1"),
        ({"https_proxy": "p:1"}, "https://media.example.org/", "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, "https://media.example.org/", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "https://media.example.org/", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://media.example.org/", "http://p:1"),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example.org"},
            "https://media.example.org/",
            None,
        ),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example.org"},
            "https://media.example.org/",
            None,
        ),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "media.example.org:8443"},
            "https://media.example.org:8443/",
            None,
        ),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, "https://media.example.org/", None),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other.org"},
            "https://media.example.org/",
            "http://p:1",
        ),
    ],
)
def test_the_environment_says_through_which_proxy(named, url, through, monkeypatch, outside):
    for name, value in named.items():
        monkeypatch.setenv(name, value)

    assert proxy_for(httpx.URL(url)) == through
