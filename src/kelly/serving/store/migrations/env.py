"""How Alembic reaches the store: by the connection that `opening.migrated` hands it, in its transaction."""

from alembic import context

from kelly.serving.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
