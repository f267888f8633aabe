"""Files in every database: one process at a time fetches each, and they go when their time is over."""

from datetime import timedelta

from bot.messages import Incoming
from tests.attached import JPEG
from tests.talking import NOW, parts_on
from triage import accounts, agents, attachments
from triage.media import File

HOLD = timedelta(minutes=3)
MONTH = timedelta(days=30)


def test_from_waiting_to_removed(database_url: str) -> None:
    with parts_on(database_url) as parts:
        write, read = parts.store.write, parts.store.read
        file = File(key="1:u", kind="document", reference="file-id", size=3)
        photo = Incoming(channel="telegram", sender="7", key="tg:1", attachment="document", file=file)
        parts.turns.take(photo, NOW)
        assert read(lambda connection: attachments.something_waits(connection, ["telegram"], NOW))
        [slow] = write(lambda tx: attachments.take_waiting(tx, ["telegram"], 4, NOW, HOLD))
        assert write(lambda tx: attachments.take_waiting(tx, ["telegram"], 4, NOW, HOLD)) == []
        later = NOW + HOLD
        [quick] = write(lambda tx: attachments.take_waiting(tx, ["telegram"], 4, later, HOLD))
        sealed = parts.vault.seal(JPEG)
        write(lambda tx: attachments.keep(tx, slow, "image/jpeg", len(JPEG), sealed))
        assert read(lambda connection: attachments.files_of(connection, 1))[0].state == "waiting"
        write(lambda tx: attachments.keep(tx, quick, "image/jpeg", len(JPEG), sealed))
        [shown] = read(lambda connection: attachments.files_of(connection, quick.conversation_id))
        assert (shown.kind, shown.state, shown.size) == ("photo", "stored", len(JPEG))
        assert read(lambda connection: attachments.find_file(connection, shown.name)) is None, "no ticket yet"
        parts.turns.take(Incoming(channel="telegram", sender="7", key="tg:2", text="人工"), later)
        assert read(lambda connection: attachments.find_file(connection, shown.name)) == (shown, 1)
        kept = read(lambda connection: attachments.sealed_bytes(connection, shown.name))
        assert kept is not None
        assert parts.vault.unseal(kept) == JPEG
        assert write(lambda tx: attachments.remove_old(tx, MONTH, later + 2 * MONTH)) == 0
        causes = parts.knowledge.causes
        lin = write(lambda tx: accounts.add(tx, "lin", "林晓", "a long pass phrase 7", NOW))
        write(lambda tx: agents.resolve(tx, 1, lin, later, true_cause="unknown", causes=causes))
        assert write(lambda tx: attachments.remove_old(tx, MONTH, later + MONTH)) == 1
        assert read(lambda connection: attachments.sealed_bytes(connection, shown.name)) is None
        [shown] = read(lambda connection: attachments.files_of(connection, quick.conversation_id))
        assert shown.state == "removed"
