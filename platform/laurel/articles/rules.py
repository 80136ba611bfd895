"""Articles: their states, the limits of their parts, what must be right before readers see them, and how texts differ."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import pairwise
from math import ceil

from laurel.core.errors import ConflictError, InvalidInputError


class ArticleStatus(StrEnum):
    """Where an article stands between its first line and the archive."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    ARCHIVED = "archived"


NEXT: dict[ArticleStatus, frozenset[ArticleStatus]] = {
    ArticleStatus.DRAFT: frozenset({ArticleStatus.IN_REVIEW, ArticleStatus.SCHEDULED, ArticleStatus.PUBLISHED, ArticleStatus.ARCHIVED}),
    ArticleStatus.IN_REVIEW: frozenset({ArticleStatus.DRAFT, ArticleStatus.SCHEDULED, ArticleStatus.PUBLISHED, ArticleStatus.ARCHIVED}),
    ArticleStatus.SCHEDULED: frozenset({ArticleStatus.DRAFT, ArticleStatus.PUBLISHED, ArticleStatus.ARCHIVED}),
    ArticleStatus.PUBLISHED: frozenset({ArticleStatus.PUBLISHED, ArticleStatus.ARCHIVED}),  # again: with a newer revision
    ArticleStatus.ARCHIVED: frozenset({ArticleStatus.DRAFT, ArticleStatus.PUBLISHED}),
}


def advance(current: ArticleStatus, wanted: ArticleStatus) -> ArticleStatus:
    """Return `wanted` if an article that is `current` may become it; raise if not."""
    if wanted not in NEXT[current]:
        raise ConflictError(f"An article that is {current.replace('_', ' ')} cannot become {wanted.replace('_', ' ')}.")
    return wanted


MAX_TITLE, MAX_SLUG, MAX_DEK, MAX_CATEGORY, MAX_TAGS, MAX_TAG = 160, 80, 300, 60, 12, 40
MAX_BODY, MAX_SEO, MAX_AUTHOR = 60_000, 300, 120
SEO_LENGTH = range(50, 156)
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")

CTA_LINE = re.compile(r"\{\{\s*cta\s*:\s*(\S*?)\s*\}\}\s*\Z")
"""A line that places a call to action: `{{ cta: name }}`, alone in its paragraph."""

RAIL = "rail"
"""The key of the place beside the text where the first call to action's course stands once more."""

CTA_START = re.compile(r"\{\{\s*cta\b", re.IGNORECASE)
CODE = re.compile(r"<(pre|code)\b.*?</\1>", re.DOTALL)
LINK = re.compile(r'<a\s(?:[^>"]|"[^"]*")*?href="([^"]*)"')
HEADING = re.compile(r"<h([2-6])\b")
IMAGE = re.compile(r"<img\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleDraft:
    """What an author writes; every save keeps one as a revision. `body` is Markdown with CTA lines."""

    title: str
    dek: str = ""
    body: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    seo_description: str = ""
    author_name: str = ""


def check_draft(draft: ArticleDraft) -> ArticleDraft:
    """The draft with tidy tags; raises InvalidInputError naming the field that is too long or missing."""
    if not draft.title.strip():
        raise InvalidInputError("Give the article a title; you can change it later.", field="title")
    for field, limit in (("title", MAX_TITLE), ("dek", MAX_DEK), ("body", MAX_BODY), ("category", MAX_CATEGORY)):
        _check_length(getattr(draft, field), limit, field)
    _check_length(draft.seo_description, MAX_SEO, "seo_description")
    _check_length(draft.author_name, MAX_AUTHOR, "author_name")
    return ArticleDraft(
        title=_one_line(draft.title),
        dek=_one_line(draft.dek),
        body=draft.body.replace("\r\n", "\n"),
        category=_one_line(draft.category),
        tags=check_tags(draft.tags),
        seo_description=_one_line(draft.seo_description),
        author_name=_one_line(draft.author_name),
    )


def check_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """The tags in their order, each once whatever its case."""
    found: dict[str, str] = {}
    for tag in map(_one_line, tags):
        if len(tag) > MAX_TAG:
            raise InvalidInputError(f"A tag has {MAX_TAG} characters at most.", field="tags")
        if tag:
            found.setdefault(tag.casefold(), tag)
    if len(found) > MAX_TAGS:
        raise InvalidInputError(f"An article has {MAX_TAGS} tags at most.", field="tags")
    return tuple(found.values())


def _check_length(text: str, limit: int, field: str) -> None:
    if len(text) > limit:
        raise InvalidInputError(f"This has {len(text):,} characters; {limit:,} are the most.", field=field)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def suggest_slug(title: str) -> str:
    """An address made of the title's words: lower case, ASCII letters and digits, hyphens. May be empty."""
    plain = unicodedata.normalize("NFKD", title.replace("’", "").replace("'", "")).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(words) <= MAX_SLUG:
        return words
    return words[: MAX_SLUG + 1].rpartition("-")[0].strip("-") or words[:MAX_SLUG]


def check_slug(slug: str) -> str:
    """`slug` if it can be an address; raises InvalidInputError."""
    if not SLUG.match(slug) or len(slug) > MAX_SLUG:
        message = f"Use lower-case letters, digits and single hyphens, {MAX_SLUG} characters at most."
        raise InvalidInputError(message, field="slug")
    return slug


def reading_minutes(words: int, images: int = 0) -> int:
    """Minutes to read: 238 words a minute and 12 seconds an image, rounded up (specs/articles.md §B1)."""
    return max(1, ceil(words / 238 + images / 5))


def count_words(text: str) -> int:
    """Words of plain text: runs without white space that hold a letter or a digit."""
    return sum(any(c.isalnum() for c in word) for word in text.split())


def count_images(html: str) -> int:
    return len(IMAGE.findall(html))


def list_internal_links(html: str) -> list[tuple[str, str]]:
    """(`articles` or `courses`, slug) of each link in safe HTML to an article or a course of this site."""
    targets = (re.fullmatch(r"/(articles|courses)/([^/?#]+)/?(?:[?#].*)?", href) for href in LINK.findall(html))
    return [(match[1], match[2]) for match in targets if match]


class Severity(StrEnum):
    """An error blocks publishing, a warning informs."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that preflight noticed; `field` is the form field where it can be put right."""

    severity: Severity
    message: str
    field: str


def inspect(
    draft: ArticleDraft,
    *,
    slug: str,
    html: str,
    placed: Sequence[str],
    cta_problems: Mapping[str, Sequence[str]],
    dead_links: Sequence[str],
) -> list[Finding]:
    """Preflight, errors first.

    `placed` are the names in the CTA lines, `cta_problems` what is wrong with each CTA that exists, `dead_links` the
    internal links that lead nowhere.
    """
    errors = [*_missing(draft, slug), *_wrong_ctas(html, placed, cta_problems)]
    errors += [("body", f"The link {link} leads nowhere.") for link in dict.fromkeys(dead_links)]
    found = [Finding(Severity.ERROR, message, field) for field, message in errors]
    return found + [Finding(Severity.WARNING, message, field) for field, message in _advice(draft, html, placed)]


def _missing(draft: ArticleDraft, slug: str) -> Iterator[tuple[str, str]]:
    if not draft.title:
        yield "title", "The article has no title."
    if not SLUG.match(slug):
        yield "slug", "The article has no address."
    if not draft.body.strip():
        yield "body", "The article has no text."


def _wrong_ctas(html: str, placed: Sequence[str], cta_problems: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(placed):
        if name not in cta_problems:
            yield "body", f"There is no call to action called “{name}”."
        for problem in cta_problems.get(name, ()):
            yield "body", f"Call to action “{name}”: {problem}"
    if CTA_START.search(CODE.sub("", html)):
        yield "body", "A call to action stands inside other text. Put its line into a paragraph of its own."


def _advice(draft: ArticleDraft, html: str, placed: Sequence[str]) -> Iterator[tuple[str, str]]:
    length = len(draft.seo_description)
    if length not in SEO_LENGTH:
        yield "seo_description", f"The search description has {length} characters; 50 to 155 are shown in full."
    if not draft.category:
        yield "category", "Without a category readers find the article only among all others."
    if not draft.dek:
        yield "dek", "A sentence under the title helps readers decide."
    if not draft.author_name:
        yield "author_name", "The byline names nobody."
    levels = [1, *map(int, HEADING.findall(html))]
    if any(below - above > 1 for above, below in pairwise(levels)):
        yield "body", "A heading skips a level."
    if not placed:
        yield "body", "There is no call to action in the text."
    if len(placed) > 3:
        yield "body", f"There are {len(placed)} calls to action; more than three disturb reading."


class ChangeKind(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """One line of a comparison, in parts: (kind, text). `skipped` stands for that many equal lines left out."""

    kind: ChangeKind
    parts: tuple[tuple[ChangeKind, str], ...] = ()
    skipped: int = 0


MAX_COMPARED = 2_000


def compare(old: str, new: str, *, context: int = 1) -> list[ChangedLine]:
    """What changed from `old` to `new`, line by line; equal lines far from a change are counted, not shown."""
    before, after = old.splitlines(), new.splitlines()
    lines: list[ChangedLine] = []
    opcodes = _opcodes(before, after)
    for number, (tag, i1, i2, j1, j2) in enumerate(opcodes):
        if tag == "equal":
            lines += _equal_lines(before[i1:i2], context if number else 0, context if number + 1 < len(opcodes) else 0)
        elif i2 - i1 == j2 - j1:
            for removed, added in zip(before[i1:i2], after[j1:j2], strict=True):
                lines += _word_changes(removed, added)
        else:
            lines += [ChangedLine(ChangeKind.REMOVED, ((ChangeKind.REMOVED, line),)) for line in before[i1:i2]]
            lines += [ChangedLine(ChangeKind.ADDED, ((ChangeKind.ADDED, line),)) for line in after[j1:j2]]
    return lines


def _opcodes(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    """How to turn `before` into `after`; long lists are not compared, they are replaced: the effort grows with the square."""
    if len(before) > MAX_COMPARED or len(after) > MAX_COMPARED:
        return [("equal" if before == after else "replace", 0, len(before), 0, len(after))]
    return [(str(tag), i1, i2, j1, j2) for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after).get_opcodes()]


def _equal_lines(lines: Sequence[str], head: int, tail: int) -> list[ChangedLine]:
    shown = [ChangedLine(ChangeKind.SAME, ((ChangeKind.SAME, line),)) for line in lines]
    skipped = len(lines) - head - tail
    if skipped < 2:
        return shown
    return [*shown[:head], ChangedLine(ChangeKind.SAME, skipped=skipped), *shown[len(lines) - tail :]]


def _word_changes(old: str, new: str) -> list[ChangedLine]:
    """The line as it was and as it is, with the words marked that differ."""
    before, after = re.findall(r"\s+|\S+", old), re.findall(r"\s+|\S+", new)
    was: list[tuple[ChangeKind, str]] = []
    now: list[tuple[ChangeKind, str]] = []
    for tag, i1, i2, j1, j2 in _opcodes(before, after):
        same = tag == "equal"
        was.append((ChangeKind.SAME if same else ChangeKind.REMOVED, "".join(before[i1:i2])))
        now.append((ChangeKind.SAME if same else ChangeKind.ADDED, "".join(after[j1:j2])))
    return [ChangedLine(ChangeKind.REMOVED, _joined(was)), ChangedLine(ChangeKind.ADDED, _joined(now))]


def _joined(parts: Sequence[tuple[ChangeKind, str]]) -> tuple[tuple[ChangeKind, str], ...]:
    return tuple(part for part in parts if part[1])
