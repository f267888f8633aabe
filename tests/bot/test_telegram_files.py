"""Pictures, documents and voice from Telegram: fetched after the commit, through all faults, once."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.attached import JPEG, KEEPS, PNG, REFUSED
from tests.bot.telegram_service import TelegramService
from tests.telegram_api.control import TelegramApi
from tests.telegram_api.people import User
from triage.vault import Vault, key_in

Start = Callable[..., TelegramService]


def files(bot: TelegramService, user: User) -> list[Any]:
    """Give the rows of a merchant's files, with their bytes as they are kept."""
    return bot.rows(
        "SELECT a.*, b.sealed FROM attachment a JOIN conversation c ON c.id = a.conversation_id"
        " LEFT JOIN attachment_bytes b ON b.attachment_id = a.id WHERE c.sender = :sender ORDER BY a.id",
        sender=str(user.id),
    )


def fetched(bot: TelegramService, user: User, count: int = 1) -> list[Any]:
    """Wait until so many files of a merchant wait no more."""
    bot.api.wait_for(
        lambda: [row.state != "waiting" for row in files(bot, user)] == [True] * count, patience=60
    )
    return files(bot, user)


def test_a_picture_is_fetched_and_kept_encrypted(bot: TelegramService) -> None:
    user = bot.api.user()
    user.photo(JPEG + bytes(300))
    assert "遮住卡号" in bot.hear(user, 1).text
    [row] = fetched(bot, user)
    assert (row.state, row.kind, row.media_type, row.size) == (
        "stored",
        "photo",
        "image/jpeg",
        len(JPEG) + 300,
    )
    assert row.reference is None
    assert JPEG not in row.sealed
    assert Vault(key_in(bot.data_dir)).unseal(row.sealed) == JPEG + bytes(300)
    user.send("人工")
    assert "DZ-" in bot.hear(user, 2).text
    user.photo(PNG)
    assert "已放进工单 DZ-" in bot.hear(user, 3).text
    assert [row.state for row in fetched(bot, user, 2)] == ["stored"] * 2


def test_documents_and_voice_are_kept_by_what_they_are(bot: TelegramService) -> None:
    user = bot.api.user()
    user.document(KEEPS["application/pdf"], "statement.pdf", "application/pdf")
    user.document(PNG, "evil.html", "text/html")
    user.voice(KEEPS["audio/ogg"])
    audio = user._upload(KEEPS["audio/mpeg"], "music", "note.mp3", "audio/mpeg")
    user.send_content({"audio": {**audio, "duration": 3, "mime_type": "audio/mpeg"}})
    rows = fetched(bot, user, 4)
    assert {(row.kind, row.media_type, row.state) for row in rows} == {
        ("document", "application/pdf", "stored"),
        ("photo", "image/png", "stored"),
        ("voice", "audio/ogg", "stored"),
        ("voice", "audio/mpeg", "stored"),
    }


def test_what_is_not_kept_is_said_to_the_merchant(bot: TelegramService) -> None:
    user = bot.api.user()
    user.document(REFUSED["zip"], "slips.jpg", "image/jpeg")
    bot.hear(user, 1)
    assert "没法保存" in bot.hear(user, 2).text
    [row] = fetched(bot, user)
    assert (row.state, row.reason, row.sealed, row.reference) == ("refused", "type", None, None)
    large = {"file_id": "x", "file_unique_id": "x", "file_size": 21 * 2**20, "file_name": "a.pdf"}
    user.send_content({"document": large})
    assert "太大" in bot.hear(user, 3).text
    assert files(bot, user)[1].reason == "too_large"


def test_an_album_is_one_message_with_all_its_pictures(bot: TelegramService) -> None:
    plain, worded = bot.api.user(), bot.api.user()
    for number in range(3):
        plain.photo(JPEG + bytes([number]), media_group_id="p")
    for number in range(3):
        caption = "昨天刷的3500没到账" if number == 0 else ""
        worded.photo(JPEG + bytes([number]), caption=caption, media_group_id="w")
    for user, lines in ((plain, ["［图片］"]), (worded, ["［图片］ 昨天刷的3500没到账"])):
        rows = fetched(bot, user, 3)
        assert [row.state for row in rows] == ["stored"] * 3
        assert len({row.message_id for row in rows}) == 1
        assert bot.heard(user) == lines
    bot.settle()
    assert len(bot.api.sent(plain)) == 1
    assert len(bot.api.sent(worded)) == 2, "the question, and a word on the pictures"


def test_repeated_and_edited_messages_bring_no_second_file(bot: TelegramService) -> None:
    user = bot.api.user()
    first = user.photo(JPEG, caption="昨天刷的3500没到账")
    album = [user.photo(JPEG + bytes([number]), media_group_id="a") for number in range(2)]
    fetched(bot, user, 3)
    for sent in (first, *album, *album):
        bot.api.deliver_again(sent.update)
    user.edit(first.message, "昨天刷的5300没到账")
    bot.api.wait_for(lambda: bot.heard(user)[-1].endswith("5300没到账"))
    bot.settle()
    assert len(fetched(bot, user, 3)) == 3


def test_while_an_agent_has_the_ticket_the_picture_arrives_in_silence(bot: TelegramService) -> None:
    user = bot.api.user()
    user.send("人工")
    bot.hear(user, 1)
    theirs = "(SELECT id FROM conversation WHERE sender = ?)"
    with closing(sqlite3.connect(bot.data_dir / "daozhang.db", timeout=10)) as database, database:
        claimed = f"UPDATE ticket SET status = 'claimed' WHERE conversation_id = {theirs}"
        database.execute(claimed, (str(user.id),))
    user.photo(JPEG)
    assert "已转告" in bot.hear(user, 2).text
    user.document(REFUSED["zip"], "a.zip", "application/zip")
    assert [row.state for row in fetched(bot, user, 2)] == ["stored", "refused"]
    bot.settle()
    assert len(bot.api.sent(user)) == 2


@pytest.mark.timeout(120)
def test_faults_of_fetching(start_bot: Start, telegram_api: TelegramApi) -> None:
    """One fault after the other: the picture is kept in the end, and the token is nowhere."""
    bot = start_bot("polling", log_level="debug")
    user = telegram_api.user()
    faults = [("getFile", "500"), ("getFile", "429"), ("file", "404"), ("file", "reset after body")]
    for method, fault in faults:
        telegram_api.fail_next(method, fault)
    for number in range(4):
        user.photo(JPEG + bytes([number]))
    assert [row.state for row in fetched(bot, user, 4)] == ["stored"] * 4
    telegram_api.fail_next("getFile", "400")
    user.photo(JPEG)
    assert [row.reason for row in fetched(bot, user, 5)] == [None] * 4 + ["gone"]
    assert "再发一次" in bot.hear(user, 6).text
    bot.settle()
    bot.terminate()
    secret = telegram_api.token.split(":")[1]
    for place in (bot.log().encode(), *(p.read_bytes() for p in bot.data_dir.rglob("*") if p.is_file())):
        assert secret.encode() not in place
        assert b"file/bot" not in place
        assert JPEG not in place


@pytest.mark.timeout(120)
def test_killed_between_commit_and_fetch(start_bot: Start, telegram_api: TelegramApi) -> None:
    """What was not fetched is fetched at the next start, and what is too old is removed then."""
    bot = start_bot("polling")
    user, before = telegram_api.user(), telegram_api.user()
    before.photo(JPEG)
    fetched(bot, before)
    telegram_api.fail_next("getFile", "read timeout", times=None)
    user.photo(JPEG)
    telegram_api.wait_for(lambda: [row.attempts for row in files(bot, user)] == [1])
    bot.hear(user, 1)
    bot.settle()
    bot.kill()
    telegram_api.clear_faults()
    with closing(sqlite3.connect(bot.data_dir / "daozhang.db")) as database, database:
        long_ago = {"long_ago": "2026-01-01 00:00:00", "sender": str(before.id)}
        theirs = "(SELECT id FROM conversation WHERE sender = :sender)"
        database.execute(f"UPDATE attachment SET at = :long_ago WHERE conversation_id = {theirs}", long_ago)
        database.execute("UPDATE conversation SET updated_at = :long_ago WHERE sender = :sender", long_ago)
    bot.start()
    [row] = fetched(bot, user)
    assert Vault(key_in(bot.data_dir)).unseal(row.sealed) == JPEG
    assert len(telegram_api.sent(user)) == 1
    telegram_api.wait_for(lambda: files(bot, before)[0].state == "removed")
    assert files(bot, before)[0].sealed is None
