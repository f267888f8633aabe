"""The desk's pages and the steps that agents take on them."""

import html
import inspect
import re
from datetime import timedelta
from types import ModuleType

import pytest

from knowledge.yaml_source import read_texts
from tests.triage.house import House, Visitor, hidden, open_house
from triage import accounts, agents, custody, replies, tickets
from triage.desk import steps
from triage.desk.words import TEXTS
from triage.incidents import open_incident
from triage.model import Incident, table
from triage.routing import Routing
from triage.store import Store
from triage.vault import Vault, new_key

#: Refusals that only the command line can meet; and a ticket that is gone, which is a page of its own.
NEVER_SHOWN = ("name_form", "name_taken", "role_unknown", "no_such_account", "gone")
ATTACK = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}"
PHONE = "13812345678"


@pytest.fixture
def house(store: Store) -> House:
    return open_house(store)


@pytest.fixture
def lin(house: House) -> Visitor:
    return house.log_in("lin")


# Pages


def test_what_the_merchant_writes_is_text_everywhere(house: House, lin: Visitor) -> None:
    facts = {"merchant_no": {"value": ATTACK, "source": "merchant"}}
    number = house.file(ATTACK, facts=facts, missing=())
    house.store.write(lambda tx: agents.note(tx, 1, 1, ATTACK, house.now))
    for path in ("/desk", f"/desk/tickets/{number}", f"/desk/tickets/{number}?lang=en"):
        page = lin.page(path)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert html.escape(ATTACK, quote=False)[:30] in page.replace("&#34;", '"').replace("&#39;", "'")
        assert "{{7*7}}" in page


def test_no_page_needs_inline_script_or_style(house: House, lin: Visitor) -> None:
    number = house.file()
    for page in (house.visit().page("/desk/login"), lin.page("/desk"), lin.page(f"/desk/tickets/{number}")):
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)


def test_the_queue_is_sorted_by_due_time_and_marks_what_is_late_and_unread(
    house: House, lin: Visitor
) -> None:
    late = house.file(
        "早上的三笔都没到", routing=Routing("risk", "urgent", (), house.now + timedelta(hours=1))
    )
    calm = house.file("昨天的没到账", routing=Routing("settlement", "low", (), house.now + timedelta(days=3)))
    house.now += timedelta(hours=3)
    lin.log_in()
    lin.take(calm, "claim")
    house.now += timedelta(minutes=1)
    house.merchant_writes(calm, "怎么还没到")
    page = lin.page("/desk")
    assert page.index(late) < page.index(calm)
    rows = re.findall(r"<tr data-row.*?</tr>", page, re.DOTALL)
    assert ["超时 2 小时" in row for row in rows] == [True, False]
    assert ["商户有新消息" in row for row in rows] == [False, True]
    assert "早上的三笔都没到" in rows[0]
    assert "2026年10月9日（周五）11:00" in rows[0]


def test_the_queue_shows_the_telling_sentence_and_not_the_greeting(house: House, lin: Visitor) -> None:
    number = house.file("你好")
    house.merchant_writes(number, "昨天下午刷了3500没到账")
    assert "昨天下午刷了3500没到账" in lin.page("/desk")


def test_lists_show_what_their_names_say(house: House, lin: Visitor) -> None:
    incident = house.store.write(
        lambda tx: tx.add(
            table(Incident),
            {
                "notice": {"zh": "工行通道拥堵", "en": "ICBC is slow"},
                "scope": {},
                "opened_at": house.now,
            },
        )
    )
    mine = house.file()
    other = house.file(
        routing=Routing("channel", "high", (), house.now + timedelta(hours=2)), incident_id=incident
    )
    done = house.file()
    lin.take(mine, "claim")
    lin.take(done, "resolve", cause="unknown")
    shown = {
        "view=open": {mine, other},
        "view=mine": {mine},
        "view=queue&queue=channel": {other},
        "view=resolved": {done},
        f"view=incident&incident={incident}": {other},
        "view=queue&queue=nonsense": {mine, other},
        "view=incident&incident=9999999999999999999999": {mine, other},
    }
    for address, numbers in shown.items():
        assert set(re.findall(r"DZ-[0-9]{6}", lin.page(f"/desk?{address}"))) == numbers, address
    assert "工行通道拥堵" in lin.page(f"/desk/tickets/{other}")
    assert "这个队列是空的" in lin.page("/desk?view=queue&queue=field")


def test_a_long_list_says_that_it_is_cut(house: House, lin: Visitor) -> None:
    for _ in range(61):
        number = house.file()
    assert "这里只列出前 60 张。" in lin.page(f"/desk/tickets/{number}")
    assert "61 张" in lin.page("/desk")


def test_a_ticket_shows_the_case_with_reasons_evidence_and_next_step(house: House, lin: Visitor) -> None:
    page = lin.page(f"/desk/tickets/{house.file()}")
    for words in (
        "风控延迟结算",
        "可能性 91%",
        "收到的通知",
        "风控通知",
        "+9.1",
        "-1.8",
        "商户说",
        "从原话读出",
        "原因未明",
        "已排除 1 种原因",
        "结算周期未到",
        "还缺 1 项",
        "查划款记录。",
        "一般需要1个工作日",
        "金额较大",
        '<svg class="strip">',
        "日历快到期了",
        "abcdef01",
    ):
        assert words in page, words


def test_a_ticket_of_a_cause_and_facts_no_longer_known_can_still_be_read(house: House, lin: Visitor) -> None:
    number = house.file(cause="gone_cause", diagnosis={}, facts={}, missing=())
    page = lin.page(f"/desk/tickets/{number}")
    assert "gone_cause" in page


@pytest.mark.parametrize("number", ["DZ-000999", "DZ-1", "nonsense", "DZ-999999999999999"])
def test_an_unknown_ticket_gets_a_kind_page(lin: Visitor, number: str) -> None:
    answer = lin.get(f"/desk/tickets/{number}")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text


def test_the_language_is_the_browsers_until_it_is_switched(house: House) -> None:
    english = house.visit()
    assert '<html lang="en">' in english.page("/desk/login", accept_language="en-GB,zh;q=0.8")
    assert '<html lang="zh-CN">' in english.page("/desk/login", accept_language="fr")
    assert '<html lang="en">' in english.page("/desk/login?lang=en", accept_language="zh")
    assert '<html lang="en">' in english.page("/desk/login", accept_language="zh")
    english.log_in()
    number = house.file()
    assert "Held by a risk review" in english.page(f"/desk/tickets/{number}")


# Steps


def test_every_step_works_and_is_an_event(house: House, lin: Visitor) -> None:
    number = house.file()
    zhao = house.log_in("zhao")
    steps = [
        (lin, "claim", {}),
        (lin, "note", {"text": "查过了"}),
        (lin, "reply", {"text": "您好，我来处理。"}),
        (lin, "wait", {"text": "等银行"}),
        (lin, "resume", {}),
        (lin, "hand-over", {"to": "account:2", "text": "请看一下"}),
        (zhao, "hand-over", {"to": "queue:settlement"}),
        (lin, "incident", {"incident": "1"}),
        (lin, "incident", {"incident": "0"}),
        (lin, "resolve", {"cause": "t1_not_due", "text": "已到账"}),
        (lin, "reopen", {}),
    ]
    notice = {"zh": "工行系统维护", "en": "ICBC is down"}
    house.store.write(lambda tx: open_incident(tx, notice, {}, house.now))
    for visitor, step, typed in steps:
        answer = visitor.take(number, step, **typed)
        assert answer.status_code == 303, (step, answer.text[-3000:])
        assert answer.headers["location"].startswith(f"/desk/tickets/{number}?")
    kinds = [event.kind for event in house.events(number)]
    assert kinds == [
        "filed",
        "claimed",
        "noted",
        "replied",
        "waiting",
        "resumed",
        "handed_over",
        "handed_over",
        "moved",
        "moved",
        "claimed",
        "resolved",
        "reopened",
    ]
    page = lin.page(f"/desk/tickets/{number}")
    for words in ("查过了", "您好，我来处理。", "等银行", "请看一下", "转派 转给 赵敏", "转派 转给 清算"):
        assert words in page, words
    assert house.replies() == ["您好，我来处理。"]


def test_the_true_cause_is_kept(house: House, lin: Visitor) -> None:
    number = house.file()
    lin.take(number, "resolve", cause="t1_not_due")
    assert house.ticket(number)["true_cause"] == "t1_not_due"
    assert "结算周期未到" in lin.page("/desk?view=resolved")


def test_the_phone_number_is_shown_once_and_who_looked_is_an_event(house: House, lin: Visitor) -> None:
    number = house.file()
    locked = house.vault.lock(PHONE)
    house.store.write(lambda tx: tickets.keep_contact(tx, 1, locked, house.now))
    assert PHONE not in lin.page(f"/desk/tickets/{number}")
    answer = lin.take(number, "contact")
    assert answer.status_code == 200
    assert PHONE in answer.text
    assert house.events(number)[-1].kind == "contact_shown"
    assert PHONE not in lin.page(f"/desk/tickets/{number}")


def test_a_phone_number_of_another_key_is_said_to_be_locked(house: House, lin: Visitor) -> None:
    number = house.file()
    locked = Vault(new_key()).lock(PHONE)
    house.store.write(lambda tx: tickets.keep_contact(tx, 1, locked, house.now))
    answer = lin.take(number, "contact")
    assert answer.status_code == 422
    assert "另一把密钥" in answer.text


def test_what_an_agent_types_is_redacted(house: House, lin: Visitor) -> None:
    number = house.file()
    for step in ("reply", "note", "wait", "resolve"):
        lin.take(number, step, text="卡号6222020200112233完\0", cause="unknown")
    kept = [*house.replies(), *(event.data.get("text", "") for event in house.events(number))]
    assert kept.count("卡号[卡号]完") == 4
    assert not any("6222" in text or "\0" in text for text in kept)


def test_a_reply_to_what_was_not_read_yet_is_refused_with_the_text_kept(house: House, lin: Visitor) -> None:
    number = house.file()
    form = hidden(lin.page(f"/desk/tickets/{number}"), f"/desk/tickets/{number}/reply")
    house.merchant_writes(number, "已经到账了，谢谢")
    answer = lin.send(number, "reply", form | {"text": "还在查 <b>"})
    assert answer.status_code == 409
    assert "商户刚又发来了消息" in answer.text
    assert ">还在查 &lt;b&gt;</textarea>" in answer.text
    assert "已经到账了，谢谢" in answer.text
    assert house.replies() == []
    again = hidden(answer.text, f"/desk/tickets/{number}/reply") | {"text": "好的，不客气。"}
    assert lin.send(number, "reply", again).status_code == 303
    assert house.replies() == ["好的，不客气。"]


def test_sending_the_same_reply_five_times_is_one_message(house: House, lin: Visitor) -> None:
    number = house.file()
    form = hidden(lin.page(f"/desk/tickets/{number}"), f"/desk/tickets/{number}/reply") | {"text": "在查了"}
    assert [lin.send(number, "reply", form).status_code for _ in range(5)] == [303] * 5
    assert house.replies() == ["在查了"]


def test_a_lost_token_keeps_the_text(house: House, lin: Visitor) -> None:
    number = house.file()
    answer = lin.take(number, "reply", text="写了很久的回复", csrf="of another login")
    assert answer.status_code == 403
    assert "写了很久的回复</textarea>" in answer.text
    form = hidden(answer.text, f"/desk/tickets/{number}/reply")
    assert lin.send(number, "reply", form | {"text": "写了很久的回复"}).status_code == 303


@pytest.mark.parametrize(
    ("step", "typed", "status", "said"),
    [
        ("reply", {"text": "  "}, 422, "还没有写内容"),
        ("note", {"text": ""}, 422, "还没有写内容"),
        ("note", {"text": "长" * 4001}, 422, "内容太长"),
        ("resolve", {"cause": "nonsense", "text": "备忘"}, 422, "请选择真实原因"),
        ("hand-over", {"to": "", "text": "备忘"}, 422, "请选择要转给的同事或队列"),
        ("hand-over", {"to": "account:99", "text": "备忘"}, 422, "请选择要转给的同事或队列"),
        ("hand-over", {"to": "queue:nonsense"}, 422, "请选择要转给的同事或队列"),
        ("contact", {}, 422, "商户没有留电话"),
    ],
)
def test_a_step_that_cannot_be_taken_says_why(
    house: House, lin: Visitor, step: str, typed: dict[str, str], status: int, said: str
) -> None:
    number = house.file()
    answer = lin.send(number, step, typed | {"csrf": lin.token()})
    assert answer.status_code == status
    assert said in answer.text
    if typed.get("text", "").strip():
        assert f"{typed['text']}</textarea>" in answer.text
    assert [event.kind for event in house.events(number)] == ["filed"]


@pytest.mark.parametrize("module", [accounts, agents, custody, replies, steps])
def test_every_reason_to_refuse_is_in_words(module: ModuleType) -> None:
    source = inspect.getsource(module)
    keys = re.findall(r'(?:AccountError|TicketError|refuse)\("([a-z_]+)"', source)
    assert keys
    shown = {f"error_{key}" for key in keys if key not in NEVER_SHOWN}
    assert shown <= read_texts(TEXTS).keys()


def test_a_colleagues_ticket_is_not_taken_away(house: House, lin: Visitor) -> None:
    number = house.file()
    house.log_in("zhao").take(number, "claim")
    for step in ("claim", "reply", "wait", "resolve"):
        answer = lin.send(
            number, step, {"csrf": lin.token(), "text": "我来", "cause": "unknown", "seen": "9"}
        )
        assert answer.status_code == 409
        assert "工单在同事手里" in answer.text
    assert lin.take(number, "hand-over", to="account:1").status_code == 303
    assert house.ticket(number)["assignee_id"] == 1


def test_steps_on_a_resolved_or_missing_ticket_are_refused(house: House, lin: Visitor) -> None:
    number = house.file()
    lin.take(number, "resolve", cause="unknown")
    answer = lin.send(number, "claim", {"csrf": lin.token()})
    assert (answer.status_code, "工单已经办结" in answer.text) == (409, True)
    assert lin.send("DZ-000777", "claim", {"csrf": lin.token()}).status_code == 404


def test_a_form_that_is_too_large_is_not_read(house: House, lin: Visitor) -> None:
    number = house.file()
    answer = lin.send(number, "note", {"csrf": lin.token(), "text": "x" * 1_000_000})
    assert answer.status_code == 413
    assert len(house.events(number)) == 1
