"""Markdown to HTML: raw HTML is off, and what comes out goes through one sanitizer. Two independent layers."""

import re
from collections.abc import Sequence
from html import unescape
from itertools import pairwise
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

VERSION = 1
"""Goes up when the rules change, so that stored HTML can be rendered again."""

TAGS = set(
    "p h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre code em strong del s a img table thead tbody tr th td hr br sup sub "
    "section div span figure figcaption kbd".split()
)
ATTRIBUTES = {
    "a": {"href", "title", "id"},
    "img": {"src", "alt", "title", "width", "height", "loading"},
    "th": {"scope", "class"},
    "td": {"class"},
    "div": {"class", "tabindex", "role", "aria-label"},
    "ol": {"start"},
    **{f"h{n}": {"id"} for n in range(2, 7)},
    **{tag: {"class", "id"} for tag in ("span", "code", "section", "sup", "li")},
    "pre": {"class", "id", "tabindex"},
}
ALLOWED_CLASSES = re.compile(
    r"(?:hl-[a-z0-9-]+|highlight|table-scroll|footnotes?(?:-[a-z]+)*|align-(?:left|right|center)|language-[a-z0-9+-]+)\Z"
)
RELATIVE = re.compile(r"(?:/(?![/\\])|#)[\x21-\x5b\x5d-\x7e]*\Z")  # a backslash is a slash to browsers
ABSOLUTE = re.compile(r"(?:https?://|mailto:)[\x21-\x7e]+\Z", re.IGNORECASE)
MAX_LENGTH = 200_000


def _keep(tag: str, attribute: str, value: str) -> str | None:
    if attribute in {"href", "src"}:
        if not (RELATIVE.match(value) or (ABSOLUTE.match(value) and attribute == "href")):
            return None
        return f"#user-{value[1:].removeprefix('user-')}" if value.startswith("#") else value
    if attribute == "class":
        return " ".join(name for name in value.split() if ALLOWED_CLASSES.match(name)) or None
    if attribute == "id":
        return value if value.startswith("user-") else f"user-{value}"
    return value


def sanitize(html: str) -> str:
    """HTML with nothing in it that could run, load from elsewhere or take over the page's names."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_keep,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener",
    )


def _fence(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    language = token.info.strip().split(" ")[0] or "text"
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    code = highlight(token.content, lexer, HtmlFormatter(nowrap=True, classprefix="hl-"))
    return f'<pre class="highlight" tabindex="0"><code>{code}</code></pre>\n'


def _table_open(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    env["tables"] = env.get("tables", 0) + 1  # every region needs a name of its own
    return f'<div class="table-scroll" tabindex="0" role="region" aria-label="Table {env["tables"]}"><table>\n'


def _table_close(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return "</table></div>\n"


def _align(state: Any) -> None:
    for token in state.tokens:
        style = token.attrs.pop("style", "") if token.type in {"th_open", "td_open"} else ""
        if style:
            token.attrs["class"] = "align-" + str(style).removeprefix("text-align:")
        if token.type == "th_open":
            token.attrs["scope"] = "col"


def _anchors(state: Any) -> None:
    seen: dict[str, int] = {}
    for token, inline in pairwise(state.tokens):
        if token.type == "heading_open":
            base = slug_of(inline.content) or "section"
            seen[base] = seen.get(base, 0) + 1
            token.attrs["id"] = "user-" + (base if seen[base] == 1 else f"{base}-{seen[base]}")
    for token in state.tokens:
        if token.tag == "h1":  # the page has its own
            token.tag = "h2"


def slug_of(text: str) -> str:
    """A heading's words as an anchor: lower case, hyphens, nothing else."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]


def _make() -> MarkdownIt:
    engine = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable(["table", "strikethrough"]).use(footnote_plugin)
    engine.add_render_rule("fence", _fence)
    engine.add_render_rule("code_block", _fence)
    engine.add_render_rule("table_open", _table_open)
    engine.add_render_rule("table_close", _table_close)
    engine.core.ruler.push("laurel_align", _align)
    engine.core.ruler.push("laurel_anchors", _anchors)
    return engine


_engine = _make()


def render(text: str) -> str:
    """Safe HTML of CommonMark with tables and footnotes; headings get ids and start at `h2`."""
    return sanitize(str(_engine.render(text[:MAX_LENGTH])))


def render_around(text: str, slot: re.Pattern[str]) -> list[str | re.Match[str]]:
    """Safe HTML in pieces, and between them the matches of `slot`: paragraphs (in nothing else) of lines that all match it."""
    env: dict[str, Any] = {}
    tokens = _engine.parse(text[:MAX_LENGTH], env)
    pieces: list[str | re.Match[str]] = []
    start = 0
    for index, token in enumerate(tokens):
        lines = (
            token.content.split("\n") if token.type == "inline" and token.level == 1 and tokens[index - 1].type == "paragraph_open" else []
        )
        matches = [found for line in lines if (found := slot.match(line))]
        if lines and len(matches) == len(lines):
            pieces += [_render_run(tokens[start : index - 1], env), *matches]
            start = index + 2
    return [piece for piece in (*pieces, _render_run(tokens[start:], env)) if piece]


def _render_run(tokens: Sequence[Token], env: dict[str, Any]) -> str:
    return sanitize(str(_engine.renderer.render(tokens, _engine.options, env))).strip()


def text_of(html: str) -> str:
    """The words of safe HTML without their tags."""
    return unescape(nh3.clean(html, tags=set()))


def render_inline(text: str) -> str:
    """Safe HTML of one line: emphasis, code and links, without a paragraph around it."""
    return sanitize(str(_engine.renderInline(text[:MAX_LENGTH])))


def headings(text: str) -> list[tuple[str, str]]:
    """The second-level headings as (anchor, words), for a page's own table of contents."""
    tokens = _engine.parse(text[:MAX_LENGTH])
    return [
        (str(token.attrs["id"]), "".join(part.content for part in inline.children or ()))
        for token, inline in pairwise(tokens)
        if token.type == "heading_open" and token.tag == "h2"
    ]
