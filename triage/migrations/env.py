"""Alembic's entry: runs the migrations on the connection that triage.store hands in."""

from alembic import context
from sqlmodel import SQLModel

# They fill the metadata.
import triage.directory
import triage.leases
import triage.links
import triage.model
import triage.same_sale
import triage.topics  # noqa: F401

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
context.run_migrations()
