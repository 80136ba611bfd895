"""The studio's side navigation."""

from flask import request

from laurel.web.access import viewer

# label, address, icon, capability
ENTRIES = [
    ("Overview", "/studio", "layout-dashboard", "studio:enter"),
    ("Questions", "/studio/questions", "circle-question-mark", "question:write"),
    ("Quizzes", "/studio/quizzes", "list-checks", "question:write"),
    ("Credentials", "/studio/credentials", "award", "course:write"),
    ("Grading", "/studio/grading", "clipboard-check", "grading:own"),
    ("Articles", "/studio/articles", "newspaper", "article:write"),
    ("Calls to action", "/studio/ctas", "megaphone", "cta:write"),
    ("Style guide", "/studio/style-guide", "palette", "studio:enter"),
]


def work_nav() -> list[tuple[str, str, str, bool]]:
    """(label, address, icon, is the current one) of what the viewer may open."""
    person = viewer()
    return [
        (label, address, icon, _is_current(address))
        for label, address, icon, capability in ENTRIES
        if person is not None and person.may(capability)
    ]


def _is_current(address: str) -> bool:
    return request.path == address or (address != "/studio" and request.path.startswith(address))
