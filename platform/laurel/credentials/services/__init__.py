"""What changes achievements, credentials, keys and status lists. Functions: the session first, never a commit."""
