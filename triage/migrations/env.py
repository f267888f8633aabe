"""Alembic's entry: runs the migrations on the connection that triage.store hands in."""

from alembic import context
from sqlmodel import SQLModel

import triage.model  # noqa: F401 - fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
context.run_migrations()
