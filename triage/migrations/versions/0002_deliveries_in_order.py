"""Deliveries: in order for each recipient, in parts, with a mark on those whose fate is unknown."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

RECIPIENT = (
    "UPDATE outbox SET recipient = (SELECT c.sender FROM message m JOIN conversation c"
    " ON c.id = m.conversation_id WHERE m.id = outbox.message_id)"
)
OPEN = sa.text("status IN ('waiting', 'sending')")


def upgrade() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("recipient", sa.String(), nullable=False, server_default=""))
        outbox.add_column(sa.Column("parts_sent", sa.Integer(), nullable=False, server_default="0"))
        outbox.add_column(sa.Column("doubts", sa.Integer(), nullable=False, server_default="0"))
        outbox.drop_index("ix_outbox_due_at")
    op.execute(RECIPIENT)
    with op.batch_alter_table("outbox") as outbox:
        for column in ("recipient", "parts_sent", "doubts"):
            outbox.alter_column(column, server_default=None)
        outbox.create_index(
            "open_deliveries",
            ["channel", "recipient", "id"],
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        )


def downgrade() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_index("open_deliveries")
        for column in ("recipient", "parts_sent", "doubts"):
            outbox.drop_column(column)
        outbox.create_index("ix_outbox_due_at", ["due_at"])
