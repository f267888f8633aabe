"""The guard that keeps every test on this machine."""

import asyncio
import socket

import httpx
import pytest

from tests.conftest import NetworkBlockedError


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as client, pytest.raises(NetworkBlockedError, match=r"192\.0\.2\.1"):
        client.connect(("192.0.2.1", 80))


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(NetworkBlockedError, match=r"api\.telegram\.org"):
        httpx.get("http://api.telegram.org/")


async def test_an_asynchronous_client_is_refused_too() -> None:
    with pytest.raises(NetworkBlockedError, match=r"192\.0\.2\.1"):
        await asyncio.open_connection("192.0.2.1", 80)


def test_this_machine_can_be_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        accepted, _ = server.accept()
        with accepted:
            client.sendall(b"here")
            assert accepted.recv(4) == b"here"
