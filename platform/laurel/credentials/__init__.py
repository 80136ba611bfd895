"""Achievements and the credentials issued for them: signing, status lists, PDF, verification."""
