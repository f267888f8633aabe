"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _account()
    _conversation()
    _incident()
    _login_failure()
    _set_aside()
    _desk_session()
    _message()
    _ticket()
    _outbox()
    _ticket_event()
    _directory_entry()
    _proof_failure()
    _sale_key()
    _attachment()
    _attachment_bytes()
    _lease()
    _account_link()
    _link_code()
    _agent_update()
    _topic()
    _lost_topic()
    _refuse_changes_of_events()


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
    )


def _conversation() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("talk", sa.JSON(), nullable=False),
        sa.Column("wake_at", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("channel", "sender"),
    )
    op.create_index("ix_conversation_wake_at", "conversation", ["wake_at"])


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("notice", sa.JSON(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=True),
    )


def _login_failure() -> None:
    op.create_table(
        "login_failure",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_index("ix_login_failure_name", "login_failure", ["name"])


def _set_aside() -> None:
    op.create_table(
        "set_aside",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", _MOMENT, nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.UniqueConstraint("channel", "sender", "key"),
    )
    op.create_index("ix_set_aside_next_try_at", "set_aside", ["next_try_at"])


def _desk_session() -> None:
    op.create_table(
        "desk_session",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("csrf_token", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_desk_session_account_id", "desk_session", ["account_id"])


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("conversation_id", sa.Integer(), sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("ask", sa.JSON(), nullable=True),
        sa.Column("strip", sa.JSON(), nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("reply_to", sa.Integer(), sa.ForeignKey("message.id"), nullable=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.UniqueConstraint("conversation_id", "key"),
    )
    op.create_index("ix_message_conversation_id", "message", ["conversation_id"])
    op.create_index("ix_message_reply_to", "message", ["reply_to"])


def _ticket() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("conversation_id", sa.Integer(), sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("true_cause", sa.String(), nullable=True),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("priority_reasons", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=True),
        sa.Column("incident_id", sa.Integer(), sa.ForeignKey("incident.id"), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("diagnosis", sa.JSON(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("contact", sa.String(), nullable=True),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("touched_at", _MOMENT, nullable=True),
        sa.Column("resolved_at", _MOMENT, nullable=True),
        sa.Column("updated_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_ticket_assignee_id", "ticket", ["assignee_id"])
    op.create_index("ix_ticket_conversation_id", "ticket", ["conversation_id"])
    op.create_index("ix_ticket_incident_id", "ticket", ["incident_id"])
    op.create_index("ix_ticket_queue", "ticket", ["queue"])
    op.create_index(
        "one_open_ticket",
        "ticket",
        ["conversation_id"],
        unique=True,
        sqlite_where=sa.text("status != 'resolved'"),
        postgresql_where=sa.text("status != 'resolved'"),
    )
    op.create_index("queue_order", "ticket", ["status", "due_at"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("message_id", sa.Integer(), sa.ForeignKey("message.id"), nullable=False, unique=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("parts_sent", sa.Integer(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("resent_at", _MOMENT, nullable=True),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("error", sa.String(), nullable=True),
    )
    op.create_index(
        "open_deliveries",
        "outbox",
        ["channel", "recipient", "id"],
        sqlite_where=sa.text("status IN ('waiting', 'sending')"),
        postgresql_where=sa.text("status IN ('waiting', 'sending')"),
    )


def _ticket_event() -> None:
    op.create_table(
        "ticket_event",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_index("ix_ticket_event_ticket_id", "ticket_event", ["ticket_id"])


def _directory_entry() -> None:
    op.create_table(
        "directory_entry",
        sa.Column("merchant_no", sa.String(), primary_key=True),
        sa.Column("settle_card_last4", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("onboarded_on", sa.String(), nullable=True),
    )


def _proof_failure() -> None:
    op.create_table(
        "proof_failure",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("conversation_id", sa.Integer(), sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("merchant_no", sa.String(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_index("ix_proof_failure_conversation_id", "proof_failure", ["conversation_id"])
    op.create_index("ix_proof_failure_merchant_no", "proof_failure", ["merchant_no"])


def _sale_key() -> None:
    op.create_table(
        "sale_key",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.UniqueConstraint("ticket_id", "key"),
    )
    op.create_index("ix_sale_key_key", "sale_key", ["key"])


def _attachment() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("conversation_id", sa.Integer(), sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("message_id", sa.Integer(), sa.ForeignKey("message.id"), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("album", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("removed_at", _MOMENT, nullable=True),
        sa.UniqueConstraint("conversation_id", "key"),
    )
    op.create_index("ix_attachment_state", "attachment", ["state"])
    op.create_index("ix_attachment_message_id", "attachment", ["message_id"])


def _attachment_bytes() -> None:
    op.create_table(
        "attachment_bytes",
        sa.Column("attachment_id", sa.Integer(), sa.ForeignKey("attachment.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )


def _account_link() -> None:
    op.create_table(
        "account_link",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.UniqueConstraint("channel", "external_id"),
        sa.UniqueConstraint("channel", "account_id"),
    )


def _link_code() -> None:
    op.create_table(
        "link_code",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=False, unique=True),
        sa.Column("expires_at", _MOMENT, nullable=False),
    )


def _agent_update() -> None:
    op.create_table(
        "agent_update",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_index("ix_agent_update_at", "agent_update", ["at"])


def _topic() -> None:
    op.create_table(
        "topic",
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("card", sa.String(), nullable=False),
        sa.Column("menu", sa.String(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("undelivered", sa.Integer(), nullable=False),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("doing", sa.String(), nullable=False),
        sa.Column("stirred", sa.Boolean(), nullable=False),
        sa.Column("shown_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", "chat_id"),
        sa.UniqueConstraint("chat_id", "thread_id"),
    )


def _lost_topic() -> None:
    op.create_table(
        "lost_topic",
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "thread_id"),
    )


def _refuse_changes_of_events() -> None:
    """Make the database itself refuse to change or delete an event."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER ticket_event_no_{change.lower()} BEFORE {change} ON ticket_event "
                "BEGIN SELECT RAISE(ABORT, 'an event cannot be changed'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'an event cannot be changed'; END $$"
    )
    op.execute(
        "CREATE TRIGGER ticket_event_no_change BEFORE UPDATE OR DELETE ON ticket_event "
        "FOR EACH ROW EXECUTE FUNCTION refuse_event_change()"
    )
