"""Markdown from hostile authors: nothing that runs, loads from elsewhere or takes over the page's names remains."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.core.markdown import ATTRIBUTES, MAX_LENGTH, TAGS, headings, render, render_around, render_inline, sanitize, text_of

# After the cheat sheets of OWASP and PortSwigger, the lists of PayloadsAllTheThings and html5sec, and what Markdown adds.
HTML_PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<script/x>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script type=module>import '//evil.example/x.js'</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x oNeRrOr = alert(1)>",
    "<img/src='x'/onerror='alert(1)'>",
    '<img src="x` `<script>alert(1)</script>"` `>',
    "<img src=javascript:alert(1)>",
    "<img srcset='x 1x' onerror=alert(1)>",
    '<img src=1 href=1 onerror="javascript:alert(1)"></img>',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text x=20 y=20>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><script>alert(1)</script></svg>#x'></use></svg>",
    "<svg><set attributeName=href to=javascript:alert(1) />",
    "<svg/onload=alert`1`>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=alert(1)&gt;'>",
    "<math href=javascript:alert(1)>x</math>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<body onload=alert(1)>",
    "<body background=javascript:alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)>",
    "<keygen autofocus onfocus=alert(1)>",
    "<button form=x formaction=javascript:alert(1)>x</button>",
    "<form action=javascript:alert(1)><input type=submit></form>",
    "<form id=config name=getElementById><input name=attributes></form>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<video src=x onloadstart=alert(1)>",
    "<audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<embed src=data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==>",
    "<object data=javascript:alert(1)></object>",
    "<object type=text/x-scriptlet data=//evil.example/x.html></object>",
    "<applet code=x></applet>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<link rel=import href=data:text/html,<script>alert(1)</script>>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//evil.example/>",
    "<style>@import '//evil.example/x.css';</style>",
    "<style>body{background:url(javascript:alert(1))}</style>",
    "<p style='background:url(//evil.example/x)'>x</p>",
    "<div style=position:fixed;inset:0>x</div>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='jav&#x09;ascript:alert(1)'>x</a>",
    "<a href='jav\tascript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='/\\evil.example'>x</a>",
    "<a href='https:evil.example'>x</a>",
    "<a href='blob:x'>x</a>",
    "<a id=config href=/x>x</a>",
    "<a href=/x target=_blank onclick=alert(1) ping=//evil.example>x</a>",
    "<p id=x tabindex=1 onfocus=alert(1)>x</p>",
    "<p onmouseover=alert(1) onpointerenter=alert(1)>x</p>",
    "<x contenteditable onblur=alert(1)>x</x>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><img title='</title><img src=x onerror=alert(1)>'></title>",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<!DOCTYPE html [<!ENTITY x '<script>alert(1)</script>'>]>&x;",
    '"><script>alert(1)</script>',
    "'-alert(1)-'",
    "</p><script>alert(1)</script><p>",
    "<div class='site-header button-primary hl-x'>x</div>",
    "<xss onclick=alert(1)>x</xss>",
    "\u003cscript\u003ealert(1)\u003c/script\u003e",
    "＜script＞alert(1)＜/script＞",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
]
MARKDOWN_PAYLOADS = [
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](java\\script:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](  javascript:alert(1)  )",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](//evil.example)",
    "[x](/\\evil.example)",
    "[x](https://user@evil.example:80\\@laurel.test/)",
    '[x](/x "onclick=alert(1)")',
    "[x](/x '\"><img src=x onerror=alert(1)>')",
    "[x]: javascript:alert(1)\n\n[x]",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    "![x](https://evil.example/pixel.png?reader=1)",
    "![x](//evil.example/pixel.png)",
    '![x"onerror="alert(1)](/x.png)',
    "<javascript:alert(1)>",
    '<https://evil.example/"onmouseover=alert(1)>',
    "[![x](javascript:alert(1))](javascript:alert(1))",
    "```html onload=alert(1)\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "`<script>alert(1)</script>`",
    "# <script>alert(1)</script>",
    "## x {#config onclick=alert(1)}",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "[^<script>]\n\n[^<script>]: <img src=x onerror=alert(1)>",
    "- <script>alert(1)</script>\n- [x](javascript:alert(1))",
    "> <iframe src=javascript:alert(1)>",
    "**<script>alert(1)</script>**",
    "\\<script>alert(1)</script>",
]
PAYLOADS = HTML_PAYLOADS + MARKDOWN_PAYLOADS
SAFE_HREF = re.compile(r"(?:/(?![/\\])|#user-|https?://|mailto:)[\x21-\x5b\x5d-\x7e]*\Z", re.IGNORECASE)


class Inspector(HTMLParser):
    """Collects what must not be in safe HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()) | {"rel"}:
                self.wrong.append(f"<{tag} {name}>")
            if name == "href" and not SAFE_HREF.match(value or ""):
                self.wrong.append(f"href={value}")
            if name == "src" and not re.match(r"/[^/\\]", value or ""):
                self.wrong.append(f"src={value}")
            if name == "id" and not (value or "").startswith("user-"):
                self.wrong.append(f"id={value}")
            if name == "class" and "button" in (value or ""):
                self.wrong.append(f"class={value}")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(decl)

    def handle_pi(self, data: str) -> None:
        self.wrong.append(data)

    def handle_comment(self, data: str) -> None:
        self.wrong.append(data)


def dangers(html: str) -> list[str]:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector.wrong


def test_there_are_enough_payloads() -> None:
    assert len(set(PAYLOADS)) >= 100


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_executable_remains_of_hostile_markdown(payload: str) -> None:
    assert dangers(render(payload)) == []
    assert dangers(render(f"Before {payload} after\n\n- {payload}\n")) == []
    assert dangers(render_inline(payload)) == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_sanitizer_holds_alone(payload: str) -> None:
    assert dangers(sanitize(payload)) == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_pieces_are_as_safe_as_the_whole(payload: str) -> None:
    pieces = render_around(f"{payload}\n\nSLOT\n\n{payload}", re.compile("SLOT"))

    assert [piece for piece in pieces if not isinstance(piece, str)]
    assert [dangers(piece) for piece in pieces if isinstance(piece, str) and dangers(piece)] == []


@given(st.text(alphabet="<>\"'&;:/\\ =()[]!`*_#\n\tjavascriptonerrorimgsvga", max_size=200))
def test_no_text_at_all_becomes_dangerous(text: str) -> None:
    assert dangers(render(text)) == []


def test_the_check_itself_finds_what_is_dangerous() -> None:
    hostile = "<img src=x onerror=alert(1)><a href=javascript:x>x</a><!-- x --><script>x</script>"

    assert dangers(hostile) == ["src=x", "<img onerror>", "href=javascript:x", " x ", "<script>"]


@pytest.mark.parametrize("piece", ["[", "![", "*", "> ", "`", "| ", "- ", "[x](", "^[", "[^", "[[]", "_*a", "<", "~~a"])
def test_the_time_grows_with_the_length_and_not_with_its_square(piece: str) -> None:
    def seconds(times: int) -> float:
        started = time.process_time()
        render(piece * times)
        return time.process_time() - started

    assert seconds(8_000) < max(8 * seconds(2_000), 2)


def test_a_text_without_end_is_cut() -> None:
    assert len(text_of(render("word " * 100_000))) <= MAX_LENGTH


def test_headings_have_anchors_and_begin_at_the_second_level() -> None:
    html = render("# One\n\n## Two *words* and `code`\n\n## One")

    assert '<h2 id="user-one">One</h2>' in html
    assert '<h2 id="user-one-2">One</h2>' in html
    assert headings("# One\n\n## Two *words* and `code`\n\n### Three") == [
        ("user-one", "One"),
        ("user-two-words-and-code", "Two words and code"),
    ]


def test_links_tables_footnotes_and_code_work() -> None:
    links = "[a](/courses/x) [b](https://example.com) <me@example.com>"
    table = "| a | b |\n|:--|--:|\n| 1 | 2 |"

    html = render(f"{links}\n\n{table}\n\nx[^1]\n\n[^1]: Note.\n\n```python\nx = 1\n```")

    assert '<a href="/courses/x" rel="noopener">a</a>' in html
    assert 'href="https://example.com"' in html
    assert 'href="mailto:me@example.com"' in html
    assert '<th scope="col" class="align-left">' in html or '<th class="align-left" scope="col">' in html
    assert 'href="#user-fn1"' in html
    assert '<span class="hl-n">x</span>' in html


def test_the_words_of_html_are_its_text() -> None:
    assert text_of(render("## A & B\n\n*c* <d> `e`")).split() == ["A", "&", "B", "c", "<d>", "e"]
