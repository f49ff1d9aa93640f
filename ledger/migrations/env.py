"""Alembic's entry: runs the migrations on the engine that ledger.versions hands over."""

from alembic import context

from ledger.schema import metadata

engine = context.config.attributes["engine"]
# As Database.write does: a writer from the start on SQLite; on PostgreSQL each statement sees what is committed by then.
options = {"levada_write": True} if engine.dialect.name == "sqlite" else {"isolation_level": "READ COMMITTED"}
with engine.connect() as connection:
    connection = connection.execution_options(**options)
    # Two processes may find the same old schema: the second waits here, then finds nothing to do.
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7274756)")
        context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
        context.run_migrations()
