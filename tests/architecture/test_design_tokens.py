"""The colors are a contract: every pair people read keeps its contrast, and only tokens.css names a color."""

import gzip
import re
from math import cos, radians, sin
from pathlib import Path

import pytest

from laurel.web.static import bundle_css

CSS = Path(__file__).resolve().parents[2] / "platform" / "laurel" / "static" / "css"
TOKENS = CSS / "tokens.css"
MAX_CSS_BYTES = 12_000  # compressed, as every page fetches it once; about 40 kB of text

# WCAG 2.2: 1.4.3 asks 4.5 of text, 1.4.11 asks 3 of the edge of a control.
TEXT = 4.5
EDGE = 3.0

PAIRS = [
    ("text", "bg", TEXT),
    ("text", "surface", TEXT),
    ("text", "sunken", TEXT),
    ("text", "accent-soft", TEXT),
    ("muted", "bg", TEXT),
    ("muted", "surface", TEXT),
    ("muted", "sunken", TEXT),
    ("link", "bg", TEXT),
    ("link", "sunken", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("accent", "accent-soft", TEXT),
    ("gold", "gold-soft", TEXT),
    ("ok", "ok-soft", TEXT),
    ("ok", "sunken", TEXT),
    ("warn", "warn-soft", TEXT),
    ("warn", "surface", TEXT),
    ("warn", "sunken", TEXT),
    ("bad", "bad-soft", TEXT),
    ("bad", "bg", TEXT),
    ("info", "info-soft", TEXT),
    ("info", "sunken", TEXT),
    ("focus", "bg", EDGE),
    ("focus", "surface", EDGE),
    ("border-strong", "surface", EDGE),
    ("border-strong", "bg", EDGE),
    ("chart-a", "surface", EDGE),
    ("chart-b", "surface", EDGE),
]

Color = tuple[float, float, float]

TOKEN = re.compile(r"--([\w-]+):light-dark\(((?:[^()]|\([^()]*\))+?),((?:[^()]|\([^()]*\))+)\);?")
OKLCH = re.compile(r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)")
RAW_COLOR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\("
    r"|[:\s,](?:white|black|red|green|blue|gr[ae]y|orange|yellow|gold|silver|navy|teal)(?=[\s;,}!])",
    re.IGNORECASE,
)


def linear_from_oklch(lightness: float, chroma: float, hue: float) -> Color:
    """Björn Ottosson's Oklab to linear sRGB, clipped to the gamut."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return clip(red), clip(green), clip(blue)


def clip(channel: float) -> float:
    return min(1.0, max(0.0, channel))


def linear_from_hex(text: str) -> Color:
    digits = text.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return linear(red), linear(green), linear(blue)


def linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def parse(text: str) -> Color | None:
    """A color without transparency; None for the others (shadows, scrims)."""
    if match := OKLCH.fullmatch(text.strip()):
        return linear_from_oklch(*(float(part) for part in match.groups()))
    return linear_from_hex(text.strip()) if text.strip().startswith("#") else None


def luminance(color: Color) -> float:
    red, green, blue = color
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def read_themes() -> dict[str, dict[str, Color]]:
    themes: dict[str, dict[str, Color]] = {"light": {}, "dark": {}}
    for name, light, dark in TOKEN.findall(TOKENS.read_text()):
        for theme, text in (("light", light), ("dark", dark)):
            if color := parse(text):
                themes[theme][name] = color
    return themes


def without_comments(path: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_a_pair_keeps_its_contrast(theme: str, front: str, back: str, least: float) -> None:
    colors = read_themes()[theme]

    assert contrast(colors[front], colors[back]) >= least


def test_the_conversion_agrees_with_known_colors() -> None:
    assert contrast(linear_from_hex("#fff"), linear_from_hex("#000000")) == pytest.approx(21)
    # CSS Color 4 gives oklch(62.796% .25768 29.234) for red.
    assert linear_from_oklch(0.62796, 0.25768, 29.234) == pytest.approx((1, 0, 0), abs=2e-3)


def test_only_the_tokens_name_a_color() -> None:
    found = {str(path.relative_to(CSS)): RAW_COLOR.findall(without_comments(path)) for path in sorted(CSS.rglob("*.css")) if path != TOKENS}

    assert {path: colors for path, colors in found.items() if colors} == {}


def test_every_token_in_use_is_defined() -> None:
    sheets = [without_comments(path) for path in CSS.rglob("*.css")]
    defined = {name for sheet in sheets for name in re.findall(r"(--[\w-]+):", sheet)}
    used = {name for sheet in sheets for name in re.findall(r"var\((--[\w-]+)", sheet)}

    assert used - defined == set()


def test_every_sheet_is_listed_in_its_layer() -> None:
    listed = set(re.findall(r'@import "([^"]+)" layer\(\w+\);', (CSS / "site.css").read_text()))
    sheets = {str(path.relative_to(CSS)) for path in CSS.rglob("*.css")}

    assert sheets - {"site.css"} == listed


def test_the_style_sheets_stay_within_their_budget() -> None:
    assert len(gzip.compress(bundle_css(CSS).encode())) <= MAX_CSS_BYTES


def test_no_string_in_a_sheet_is_changed_where_space_is_taken_out() -> None:
    sheets = [without_comments(path) for path in CSS.rglob("*.css")]

    assert [found for sheet in sheets for found in re.findall(r'"[^"\n]*"', sheet) if re.search("[{};]", found)] == []
