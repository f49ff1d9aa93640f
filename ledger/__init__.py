"""The ledger: the SQL database that says what exists, what is published and what is owed. No Prefect, no SDK of a store."""
