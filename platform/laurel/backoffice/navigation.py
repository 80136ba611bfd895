"""The back office's side navigation."""

from flask import request

from laurel.web.access import viewer

# label, address, icon, capability
ENTRIES = [
    ("Overview", "/backoffice", "layout-dashboard", "backoffice:enter"),
    ("Orders", "/backoffice/orders", "receipt", "orders:read"),
    ("Disputes", "/backoffice/disputes", "shield-alert", "orders:read"),
    ("Tasks", "/backoffice/tasks", "list-todo", "orders:read"),
    ("Codes", "/backoffice/codes", "ticket-percent", "orders:read"),
    ("Prices", "/backoffice/prices", "tag", "prices:write"),
    ("Receipts", "/backoffice/receipts", "file-text", "orders:read"),
    ("Revenue", "/backoffice/revenue", "chart-no-axes-column", "revenue:read"),
    ("Reconciliation", "/backoffice/reconciliation", "refresh-cw", "orders:read"),
    ("Attempts", "/backoffice/attempts", "timer", "attempts:read"),
    ("Learners", "/backoffice/learners", "users", "people:read"),
    ("Review requests", "/backoffice/review-requests", "scale", "attempts:review"),
    ("Credentials", "/backoffice/credentials", "award", "credentials:read"),
    ("Name changes", "/backoffice/name-changes", "user-pen", "credentials:read"),
    ("CPD activities", "/backoffice/activities", "notebook-pen", "credentials:read"),
    ("Signing keys", "/backoffice/keys", "key-round", "keys:write"),
    ("Organizations", "/backoffice/organizations", "building-2", "keys:write"),
    ("Overrides", "/backoffice/quizzes", "sliders-horizontal", "attempts:read"),
    ("Groups", "/backoffice/groups", "users-round", "overrides:write"),
    ("Outages", "/backoffice/outages", "activity", "attempts:read"),
    ("Jobs", "/backoffice/jobs", "list-restart", "jobs:read"),
]


def work_nav() -> list[tuple[str, str, str, bool]]:
    """(label, address, icon, is the current one) of what the viewer may open."""
    person = viewer()
    return [
        (label, address, icon, request.path == address or (address != "/backoffice" and request.path.startswith(address)))
        for label, address, icon, capability in ENTRIES
        if person is not None and person.may(capability)
    ]
