"""The merchants' directory, and failed proofs of who one is."""

import sqlalchemy as sa
from alembic import op

import triage.model

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "directory_entry",
        sa.Column("merchant_no", sa.String(), nullable=False),
        sa.Column("settle_card_last4", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("onboarded_on", sa.String(), nullable=True),
        sa.Column("imported_at", triage.model.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("merchant_no"),
    )
    op.create_table(
        "proof_failure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("merchant_no", sa.String(), nullable=False),
        sa.Column("at", triage.model.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_proof_failure_conversation_id", "proof_failure", ["conversation_id"])
    op.create_index("ix_proof_failure_merchant_no", "proof_failure", ["merchant_no"])


def downgrade() -> None:
    op.drop_table("proof_failure")
    op.drop_table("directory_entry")
