"""`daozhang serve` as a person starts and ends it: first start, second start, Ctrl-C, power cut, mistakes."""

import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx

from tests.service import COMMAND, PATIENCE, Service, free_port, scrubbed_environment

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


def test_the_installed_command_serves(tmp_path: Path) -> None:
    """All other tests start the same in a process that has imported it already (tests/started.py)."""
    port = free_port()
    environment = scrubbed_environment(data_dir=str(tmp_path), port=str(port))
    process = subprocess.Popen(
        [COMMAND, "serve"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        assert process.stdout.readline().endswith(f" http://127.0.0.1:{port}/\n")
        assert httpx.get(f"http://127.0.0.1:{port}/").status_code == httpx.codes.OK
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 0


def test_the_first_start_shows_where_everything_is(service: Service) -> None:
    password_file = service.data_dir / "admin-password"
    for shown in (f"{service.url}/", f"{service.url}/desk", str(password_file)):
        assert shown in service.log()
    assert service.admin_password() not in service.log()
    assert len(service.admin_password()) >= 12
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600
    for path in ("/", "/desk"):
        answer = httpx.get(service.url + path, follow_redirects=True)
        assert answer.status_code == httpx.codes.OK
        assert answer.headers["content-type"].startswith("text/html")


def test_it_ends_when_asked_and_goes_on_where_it_was(service: Service) -> None:
    conversation = say(service, "昨天下午刷了3500没到账")
    password = service.admin_password()
    _ends(service, signal.SIGTERM)
    service.restart()
    assert said(service, conversation) == ["昨天下午刷了3500没到账"]
    assert service.admin_password() == password
    say(service, "T1", conversation)
    _ends(service, signal.SIGINT)


def _ends(service: Service, how: signal.Signals) -> None:
    ended = service.terminate(how)
    assert ended.code == 0
    assert ended.seconds < ENDS_WITHIN
    assert "Traceback" not in service.log()


def test_it_ends_in_time_while_a_page_is_listening(service: Service) -> None:
    conversation = say(service, "钱没到账")
    address = f"{service.url}/chat/api/stream"
    with httpx.stream("GET", address, params={"conversation": conversation}, timeout=PATIENCE) as stream:
        assert stream.status_code == httpx.codes.OK
        ended = service.terminate()
    assert (ended.code, ended.seconds < ENDS_WITHIN) == (0, True)


def test_a_power_cut_loses_nothing_that_was_answered(start_service: Start, empty_database_url: str) -> None:
    service = start_service(empty_database_url)
    conversation = say(service, "第1条")
    for number in range(2, 6):
        say(service, f"第{number}条", conversation)
    service.kill()
    service.restart()
    assert said(service, conversation) == [f"第{number}条" for number in range(1, 6)]


def test_a_second_one_says_what_is_taken(service: Service, tmp_path: Path) -> None:
    same_data = serve(tmp_path, data_dir=str(service.data_dir), port="0")
    same_port = serve(tmp_path, data_dir=str(tmp_path / "other"), port=str(service.port))
    for ended, said_why in ((same_data, "in use by another process"), (same_port, str(service.port))):
        assert ended.returncode != 0
        assert said_why in ended.stderr
        assert "Traceback" not in ended.stderr


def test_all_wrong_settings_are_named(tmp_path: Path) -> None:
    wrong = {"port": "eight", "database_url": "mysql://nowhere/x", "secret_key": "short"}
    ended = serve(tmp_path, data_dir=str(tmp_path / "data"), **wrong)
    assert ended.returncode != 0
    for name in wrong:
        assert f"DAOZHANG_{name.upper()}" in ended.stderr
    assert "Traceback" not in ended.stderr
