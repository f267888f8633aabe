"""`daozhang serve` as a person starts and ends it: first start, second start, Ctrl-C, power cut, mistakes."""

import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.service import COMMAND, PATIENCE, Service, scrubbed_environment

#: Far below the half minute after which a service manager kills.
ENDS_WITHIN = 20

Start = Callable[..., Service]


def say(service: Service, text: str, conversation: str | None = None) -> str:
    """Send one message as a merchant; gives the conversation's token."""
    body = {"conversation": conversation, "client_id": str(uuid4()), "text": text}
    answer = httpx.post(f"{service.url}/chat/api/messages", json=body)
    assert answer.status_code == httpx.codes.OK, answer.text
    assert answer.json()["messages"]
    return str(answer.json()["conversation"])


def said(service: Service, conversation: str) -> list[str]:
    answer = httpx.get(f"{service.url}/chat/api/messages", params={"conversation": conversation})
    return [line["text"] for line in answer.json()["messages"] if line["from"] == "merchant"]


def serve(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `daozhang serve` that is expected to give up at once."""
    return subprocess.run(
        [COMMAND, "serve"],
        cwd=folder,
        env=scrubbed_environment(**settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def test_the_first_start_shows_where_everything_is(service: Service) -> None:
    password_file = service.data_dir / "admin-password"
    for shown in (f"{service.url}/", f"{service.url}/desk", str(password_file)):
        assert shown in service.log()
    assert service.admin_password() not in service.log()
    assert len(service.admin_password()) >= 12
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600


@pytest.mark.parametrize("path", ["/", "/desk"])
def test_the_pages_are_there(service: Service, path: str) -> None:
    answer = httpx.get(service.url + path, follow_redirects=True)
    assert answer.status_code == httpx.codes.OK
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_it_ends_when_asked_and_goes_on_where_it_was(service: Service, how: signal.Signals) -> None:
    conversation = say(service, "昨天下午刷了3500没到账")
    password = service.admin_password()
    ended = service.terminate(how)
    assert ended.code == 0
    assert ended.seconds < ENDS_WITHIN
    assert "Traceback" not in service.log()
    service.restart()
    assert said(service, conversation) == ["昨天下午刷了3500没到账"]
    assert service.admin_password() == password
    say(service, "T1", conversation)


def test_it_ends_in_time_while_a_page_is_listening(service: Service) -> None:
    conversation = say(service, "钱没到账")
    address = f"{service.url}/chat/api/stream"
    with httpx.stream("GET", address, params={"conversation": conversation}, timeout=PATIENCE) as stream:
        assert stream.status_code == httpx.codes.OK
        ended = service.terminate()
    assert (ended.code, ended.seconds < ENDS_WITHIN) == (0, True)


def test_a_power_cut_loses_nothing_that_was_answered(service: Service) -> None:
    conversation = say(service, "第1条")
    for number in range(2, 6):
        say(service, f"第{number}条", conversation)
    service.kill()
    service.restart()
    assert said(service, conversation) == [f"第{number}条" for number in range(1, 6)]


def test_it_runs_on_both_databases(start_service: Start, empty_database_url: str) -> None:
    service = start_service(empty_database_url)
    conversation = say(service, "钱没到账")
    service.kill()
    service.restart()
    assert said(service, conversation) == ["钱没到账"]


def test_a_second_one_on_the_same_data_says_why_not(service: Service, tmp_path: Path) -> None:
    ended = serve(tmp_path, data_dir=str(service.data_dir), port="0")
    assert ended.returncode != 0
    assert "in use by another process" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_said(service: Service, tmp_path: Path) -> None:
    ended = serve(tmp_path, data_dir=str(tmp_path / "other"), port=str(service.port))
    assert ended.returncode != 0
    assert str(service.port) in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("port", "eight"), ("database_url", "mysql://nowhere/x"), ("secret_key", "short")]
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    ended = serve(tmp_path, **({"data_dir": str(tmp_path / "data")} | {name: value}))
    assert ended.returncode != 0
    assert f"DAOZHANG_{name.upper()}" in ended.stderr
    assert "Traceback" not in ended.stderr
