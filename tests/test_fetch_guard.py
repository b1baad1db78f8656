"""Security S1–S7: which addresses may be asked at all."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smwatch.config.model import Http
from smwatch.errors import SourceError, UserError
from smwatch.feeds.address import read_address, web_link
from smwatch.fetch.client import Client
from smwatch.fetch.guard import AddressRefused, guarded_socket, is_refused
from smwatch.fetch.request import Limits
from smwatch.testing.servers import GOOD, FeedServer

REFUSED = (  # noqa: SIM905 - as the vectors are written down
    "127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1"
    " 100.127.255.255 0.0.0.0 0.1.2.3 192.0.0.8 192.0.0.170 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 192.88.99.1"
    " 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1"
    " ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b:1::a00:1 100::1 2001::1 2001:0:7f00:1:: 2001:db8::1 2002:7f00:1::"
    " 2002:c0a8:101:: 3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1"
).split()
ALLOWED = (  # noqa: SIM905 - as the vectors are written down
    "1.1.1.1 8.8.8.8 93.184.216.34 172.32.0.1 172.15.255.255 100.63.255.255 100.128.0.1 192.169.0.1 198.17.255.255"
    " 223.255.255.255 2606:4700::1111 2a00:1450:4001::1 2003:e2::1"
).split()
NO_ADDRESSES = (
    "ftp://acme.example/",
    "file:///etc/passwd",
    "gopher://acme.example/",
    "source:file:///etc/passwd",
    "javascript:alert(1)",
    "//acme.example/feed",
    "acme.example/feed",
    "",
    "http://",
    "http:///feed",
    "http://127.0.0.1\\@acme.example/",
    "http://acme.example\\@127.0.0.1/",
    "http://acme.example/a b",
    "http://acme.example/\r\nX: y",
    "http://acme.example/\x00",
    "http://user@acme.example/",
    "http://user:pass@acme.example/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.1/",
    "http://0x7f000001/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0x7f.1/",
    "http://00000177.0.0.1/",
    "http://127.0.0.1./",
    "http://1.2.3.4.5/",
    "http://%31%32%37.0.0.1/",
    "http://acme.example%40127.0.0.1/",
    "http://127.0.0.1%00.acme.example/",
    "http://127.0.0.1;acme.example/",
    "http://acme.example,127.0.0.1/",
    "http://acme.example&@127.0.0.1/",
    "http://127.0.0.1%2f@acme.example/",
    "http://[127.0.0.1]/",
    "http://::1/",
    "http://acme.example:80:80/",
    "http://acme.example:-1/",
    "http:/acme.example/",
    "http:acme.example",
    "feed:https://acme.example/feed",
    "view-source:http://acme.example/",
    "http://acme.example\u2028/",
    "http://xn--a.example/",
    "http://*/",
    "http://acme..example/",
    "http://.acme.example/",
    "http://acme.example:99999/",
    "http://[::1/",
)


LOCAL_IN_DISGUISE = (  # addresses by their form, which the socket's guard sees through
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/",
    "http://１２７．０．０．１:{port}/",
    "http://localhost.:{port}/",
    "http://LOCALHOST:{port}/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::]:{port}/",
    "http://127.0.0.1:{port}?@acme.example/",
    "http://127.0.0.1:{port}#@acme.example/",
)


def test_the_table_is_complete() -> None:
    assert (len(REFUSED), len(ALLOWED)) == (45, 13)
    assert len({*NO_ADDRESSES, *LOCAL_IN_DISGUISE}) >= 60


@pytest.mark.parametrize("address", LOCAL_IN_DISGUISE)
async def test_disguised_addresses_get_no_connection(address: str) -> None:
    client = Client(Http(), limits=Limits(head=0.5, total=1.0, pause=0.0))
    try:
        async with FeedServer() as server:
            server.put("/", GOOD)
            with pytest.raises(SourceError):
                await client.get(address.format(port=server.port))
            assert server.requests == []
    finally:
        await client.close()


@pytest.mark.parametrize("address", REFUSED)
def test_refuses(address: str) -> None:
    assert is_refused(address)
    with pytest.raises(AddressRefused):
        guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 80)))


@pytest.mark.parametrize("address", ALLOWED)
def test_allows(address: str) -> None:
    assert not is_refused(address)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_what_it_maps(address: object) -> None:
    assert is_refused(f"::ffff:{address}") == is_refused(str(address))


@given(st.text())
def test_nonsense_is_refused(address: str) -> None:
    assert is_refused(address + "!")


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_no_address(address: str) -> None:
    with pytest.raises(UserError):
        read_address(address)


@pytest.mark.parametrize(
    ("address", "read"),
    [
        ("https://www.acme.example/feed.xml#top", "https://www.acme.example/feed.xml"),
        ("HTTPS://WWW.ACME.EXAMPLE/Feed", "https://www.acme.example/Feed"),
        ("http://müller.example/ä?q=ö", "http://xn--mller-kva.example/%C3%A4?q=%C3%B6"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
    ],
)
def test_an_address(address: str, read: str) -> None:
    assert str(read_address(address)) == read


@pytest.mark.parametrize(
    ("link", "base", "absolute"),
    [
        ("https://acme.example/1", "", "https://acme.example/1"),
        ("/1", "https://acme.example/feed.xml", "https://acme.example/1"),
        ("1", "https://acme.example/news/", "https://acme.example/news/1"),
        ("//globex.example/1", "https://acme.example/", "https://globex.example/1"),
        (" https://acme.example/a b\n", "", "https://acme.example/a%20b"),
        ("javascript:alert(1)", "https://acme.example/", ""),
        ("jav\tascript:alert(1)", "https://acme.example/", ""),
        ("mailto:presse@acme.example", "https://acme.example/", ""),
        ("data:text/html,x", "https://acme.example/", ""),
        ("/1", "", ""),
    ],
)
def test_links(link: str, base: str, absolute: str) -> None:
    assert web_link(link, base) == absolute
