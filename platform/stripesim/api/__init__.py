"""What every endpoint of the API has in common: form, errors, paging, expansion, idempotency."""
