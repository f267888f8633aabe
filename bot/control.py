"""The control socket: lets `daozhang user` and `daozhang incident` work while the service runs.

SQLite takes one writing process at a time, so the command line hands its command to the running service
through a socket in the data folder that only the owner can open. One line of JSON each way.
"""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import structlog

from bot.administration import Administration, AdministrationError

LONGEST_LINE = 65536
PATIENCE_SECONDS = 15
#: Is asked by who only wants to know whether the service runs.
ARE_YOU_THERE = "are you there"
NO_ANSWER = (
    "the service gave no answer; the command may still be carried out: before you give it again, look at "
    "`daozhang incident list`, the desk or the service's log"
)
_log = structlog.get_logger()


def socket_in(folder: Path) -> Path:
    """Give the socket's place."""
    return folder / "control.sock"


async def open_control(folder: Path, administration: Administration) -> asyncio.Server:
    """Start listening; the server is closed by the caller."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS))
            if request["command"] == ARE_YOU_THERE:
                answer = {"said": "yes"}
            else:
                said = await asyncio.to_thread(administration.run, request["command"], request["values"])
                answer = {"said": said}
        except AdministrationError as error:
            answer = {"error": str(error)}
        except (ValueError, KeyError, TypeError, TimeoutError):
            answer = {"error": "the service did not understand this command; is it of the same version?"}
        except Exception as error:  # noqa: BLE001 - whatever it was: he waits for an answer
            _log.exception("a command failed")
            answer = {"error": f"the service could not do this ({error}); its log says more"}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    path = socket_in(folder)
    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(serve, path, limit=LONGEST_LINE)
    path.chmod(0o600)
    return server


def ask_service(folder: Path, command: str, values: dict[str, Any]) -> str | None:
    """Have the running service carry out a command; None when none is running.

    Raises AdministrationError with what the service said against it, or when it gave no answer.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_SECONDS)
        try:
            connection.connect(str(socket_in(folder)))
        except OSError:
            return None
        try:
            connection.sendall(json.dumps({"command": command, "values": values}).encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer = json.loads(lines.readline())
        except (OSError, ValueError):  # too late, or not whole
            answer = {"error": NO_ANSWER}
    if "error" in answer:
        raise AdministrationError(answer["error"])
    return str(answer["said"])


def is_running(folder: Path) -> bool:
    """Say whether a service answers on this data folder."""
    try:
        return ask_service(folder, ARE_YOU_THERE, {}) is not None
    except AdministrationError:
        return True  # it is there, and too busy to answer
