"""docs/telegram.md, word for word: its settings, its first talk, its ticket."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.bot.telegram_service import TelegramService
from tests.telegram_api.control import TelegramApi

PAGE = (Path(__file__).parents[2] / "docs" / "telegram.md").read_text(encoding="utf-8")
EXAMPLE = "123456789:AAExampleExampleExampleExampleExam"


def settings_blocks() -> list[str]:
    """Give the .env files that the page shows."""
    return [
        "\n".join(line.strip() for line in block.splitlines())
        for block in re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)
    ]


def test_the_first_ticket(start_bot: Callable[..., TelegramService], telegram_api: TelegramApi) -> None:
    polling, *_ = settings_blocks()
    assert EXAMPLE in polling
    bot = start_bot("polling")
    bot.kill()
    del bot._settings["telegram_token"]
    (bot._folder / ".env").write_text(polling.replace(EXAMPLE, telegram_api.token))
    bot.start()
    user = telegram_api.user("王芳")
    steps = re.findall(r"^ +\| `([^`]+)` \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert len(steps) == 4
    for number, (line, answer) in enumerate(steps, 1):
        user.send(line)
        assert answer.strip() in bot.hear(user, number).text, line
    assert [row.status for row in bot.rows("SELECT status FROM ticket")] == ["new"]


def test_the_agents_group(start_bot: Callable[..., TelegramService], telegram_api: TelegramApi) -> None:
    """The page's own steps: the group's setting, a code, a message, a note."""
    [block] = [one for one in settings_blocks() if "AGENT_GROUP" in one]
    group = telegram_api.group("工单")
    settings = block.replace(EXAMPLE, telegram_api.token).replace("-1001234567890", str(group.id))
    bot = start_bot("polling")
    bot.kill()
    del bot._settings["telegram_token"]
    (bot._folder / ".env").write_text(settings)
    bot.start()
    bot.administer("user add", name="lei", display_name="李雷", password="a long pass phrase 7")
    agent, user = telegram_api.user("李雷"), telegram_api.user("王芳")
    group.add(agent)
    agent.send(re.findall(r"/link \w+", bot.administer("user link", name="lei"))[0])
    bot.hear(agent, 1)
    user.send("人工")
    before = len(telegram_api.sent(user)) + 1
    bot.hear(user, before)
    [topic] = telegram_api.wait_for(group.topics)
    telegram_api.wait_for(lambda: telegram_api.sent(group, topic))
    agent.send("// 先记一笔", group, topic)
    agent.send("您好", group, topic)
    assert bot.hear(user, before + 1).text == "您好"


@pytest.mark.parametrize("block", settings_blocks())
def test_the_settings_are_taken(block: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(block)
    settings = Settings(_env_file=tmp_path / ".env")
    assert settings.telegram_token.get_secret_value() == EXAMPLE


def test_the_words_of_the_log_are_those_of_the_page() -> None:
    sources = "".join(
        path.read_text() for path in (Path(__file__).parents[2] / "bot" / "channels").rglob("*.py")
    )
    wrong = PAGE.partition("## When something is wrong")[2]
    rows = re.findall(r"^\| ([A-Za-z][^|`]+) \| [^|]+ \|$", wrong, re.MULTILINE)
    said = [row.strip() for row in rows if row.strip() != "the log says"]
    assert len(said) == 4
    assert [row for row in said if row not in sources] == []
