"""Invoices: made when a session is paid for, shown by the API, on a page and as a PDF."""
