"""Runs migrations on the connection that `service.store.migration` gives, inside its transaction."""

from alembic import context

from service.store.schema import META

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=META,
    render_as_batch=True,
    compare_type=False,
)
context.run_migrations()
