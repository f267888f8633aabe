"""Groups: topics, members and rights, what is pinned, privacy mode, and a group that becomes another."""

from typing import Any

import pytest
import telegram

from tests.telegram_api.control import TelegramApi
from tests.telegram_api.people import Group, User
from tests.telegram_api.talking import ptb, refusal, result


@pytest.fixture
def agent(telegram_api: TelegramApi) -> User:
    return telegram_api.user("李雷")


@pytest.fixture
def group(telegram_api: TelegramApi, agent: User) -> Group:
    return telegram_api.group("工单", members=(agent,))


async def test_a_topic_lives_and_dies(telegram_api: TelegramApi, group: Group, agent: User) -> None:
    async with ptb(telegram_api) as bot:
        topic = (await bot.create_forum_topic(group.id, "工单 1")).message_thread_id
        card = await bot.send_message(group.id, "卡片", message_thread_id=topic)
        assert (card.message_thread_id, card.is_topic_message, card.chat.is_forum) == (topic, True, True)
        await bot.pin_chat_message(group.id, card.message_id)
        full = await bot.get_chat(group.id)
        assert full.is_forum
        assert full.pinned_message
        assert full.pinned_message.text == "卡片"

        agent.send("我来处理", group, topic)
        agent.send("一般话题", group)
        group.close_topic(topic, by=agent)
        updates = await bot.get_updates(timeout=5)
        seen = [update.message for update in updates if update.message]
        assert seen[-3].text == "我来处理"
        assert seen[-3].message_thread_id == topic
        assert seen[-3].reply_to_message
        assert seen[-3].reply_to_message.forum_topic_created
        assert seen[-2].message_thread_id is None
        assert seen[-1].forum_topic_closed

        with pytest.raises(telegram.error.BadRequest, match=r"(?i)^topic_closed$"):
            await bot.send_message(group.id, "x", message_thread_id=topic)
        with pytest.raises(telegram.error.BadRequest, match=r"(?i)^topic_not_modified$"):
            await bot.close_forum_topic(group.id, topic)
        await bot.reopen_forum_topic(group.id, topic)
        await bot.edit_forum_topic(group.id, topic, name="工单 1 已结")
        await bot.close_forum_topic(group.id, topic)
        assert group.topics() == {topic: {"name": "工单 1 已结", "closed": True, "icon_color": 0x6FB9F0}}

        group.delete_topic(topic)
        with pytest.raises(telegram.error.BadRequest, match="Message thread not found"):
            await bot.send_message(group.id, "x", message_thread_id=topic)
        with pytest.raises(telegram.error.BadRequest, match="Message to edit not found"):
            await card.edit_text("x")
        with pytest.raises(telegram.error.BadRequest, match=r"(?i)topic_id_invalid"):
            await bot.reopen_forum_topic(group.id, topic)
        # The real one says yes to this as well.
        assert await bot.send_chat_action(group.id, "typing", message_thread_id=topic)


def test_the_bot_deletes_a_topic_with_its_messages(telegram_api: TelegramApi, group: Group) -> None:
    topic = result(telegram_api, "createForumTopic", chat_id=group.id, name="x")["message_thread_id"]
    given = {"chat_id": group.id, "message_thread_id": topic}
    result(telegram_api, "sendMessage", **given, text="x")
    result(telegram_api, "deleteForumTopic", **given)
    assert (group.topics(), telegram_api.sent(group)) == ({}, [])
    assert refusal(telegram_api, "closeForumTopic", **given) == "Bad Request: TOPIC_ID_INVALID"
    general = {"chat_id": group.id, "message_thread_id": 1, "text": "x"}
    assert refusal(telegram_api, "sendMessage", **general) == "Bad Request: message thread not found"


@pytest.mark.parametrize(
    ("method", "right", "why"),
    [
        ("createForumTopic", "can_manage_topics", "not enough rights to create a topic"),
        ("closeForumTopic", "can_manage_topics", "not enough rights to manage topics in the chat"),
        ("deleteForumTopic", "can_delete_messages", "not enough rights to delete messages in the chat"),
        (
            "pinChatMessage",
            "can_pin_messages",
            "not enough rights to manage pinned messages in the chat",
        ),
    ],
)
def test_rights_are_needed(
    telegram_api: TelegramApi, group: Group, method: str, right: str, why: str
) -> None:
    topic = group.open_topic("x")
    given: dict[str, Any] = {
        "chat_id": group.id,
        "name": "x",
        "message_thread_id": topic,
        "message_id": topic,
    }
    others = {"can_manage_topics", "can_delete_messages", "can_pin_messages"} - {right}
    group.set_bot("administrator", sorted(others))
    assert refusal(telegram_api, method, **given) == f"Bad Request: {why}"
    member = result(telegram_api, "getChatMember", chat_id=group.id, user_id=telegram_api.bot_id)
    assert (member[right], *[member[other] for other in others]) == (False, True, True)
    group.set_bot("administrator")
    result(telegram_api, method, **given)


async def test_members_are_who_they_are(telegram_api: TelegramApi, group: Group, agent: User) -> None:
    stranger = telegram_api.user()
    async with ptb(telegram_api) as bot:
        members = [
            await bot.get_chat_member(group.id, one)
            for one in (group.creator.id, bot.id, agent.id, stranger.id)
        ]
        group.remove(agent)
        members.append(await bot.get_chat_member(group.id, agent.id))
    assert [one.status for one in members] == ["creator", "administrator", "member", "left", "left"]


def test_a_bot_without_rights_hears_only_what_concerns_it(
    telegram_api: TelegramApi, group: Group, agent: User
) -> None:
    group.set_bot("member")
    own = result(telegram_api, "sendMessage", chat_id=group.id, text="x")
    [shown] = telegram_api.sent(group)
    assert own["message_id"] == shown.id
    assert agent.send("闲聊", group).update is None
    assert agent.send("/help", group).update
    assert agent.send("收到", group, reply_to=shown).update
    telegram_api.set_privacy(on=False)
    assert agent.send("闲聊", group).update
    assert result(telegram_api, "getMe")["can_read_all_group_messages"] is True


def test_a_bot_that_was_thrown_out_cannot_write(telegram_api: TelegramApi, group: Group) -> None:
    group.set_bot("kicked")
    why = "Forbidden: bot was kicked from the supergroup chat"
    assert refusal(telegram_api, "sendMessage", chat_id=group.id, text="x") == why
    *_, update = result(telegram_api, "getUpdates")
    assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"


def test_a_group_without_topics_has_none(telegram_api: TelegramApi, group: Group) -> None:
    group.set_forum(on=False)
    why = "Bad Request: the chat is not a forum"
    assert refusal(telegram_api, "createForumTopic", chat_id=group.id, name="x") == why
    assert "is_forum" not in result(telegram_api, "getChat", chat_id=group.id)


async def test_a_basic_group_becomes_a_supergroup(telegram_api: TelegramApi) -> None:
    old = telegram_api.group(basic=True)
    new = old.migrate()
    async with ptb(telegram_api) as bot:
        with pytest.raises(telegram.error.ChatMigrated) as caught:
            await bot.send_message(old.id, "x")
        assert caught.value.new_chat_id == new.id
        sent = await bot.send_message(new.id, "x")
        assert sent.chat.type == "supergroup"
        updates = await bot.get_updates(timeout=5)
    moves = [update.message for update in updates if update.message][-2:]
    assert [one.migrate_to_chat_id for one in moves] == [new.id, None]
    assert [one.migrate_from_chat_id for one in moves] == [None, old.id]


def test_what_is_pinned_can_be_loosened(telegram_api: TelegramApi, group: Group, agent: User) -> None:
    sent = agent.send("重要", group).message
    given = {"chat_id": group.id, "message_id": sent.id}
    result(telegram_api, "pinChatMessage", **given)
    assert telegram_api.pinned(group) == [sent.id]
    result(telegram_api, "unpinChatMessage", **given)
    assert telegram_api.pinned(group) == []
    telegram_api.delete_message(sent)
    assert refusal(telegram_api, "pinChatMessage", **given) == "Bad Request: message to pin not found"
