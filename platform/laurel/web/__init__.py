"""Flask glue: session and transaction, access, errors, static files, headers. No domain."""
