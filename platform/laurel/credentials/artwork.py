"""Drawings as SVG: the badge as a file of its own, the engraved frame of certificates, and QR codes."""

import base64
import io
import math
import re
from functools import lru_cache
from xml.sax.saxutils import escape

import segno

GOLD = "#b08d3e"
BAND = 24
"""The width of the frame's band, and the length after which its pattern repeats."""
OKLCH = re.compile(r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)")


def hex_of(lightness: float, chroma: float, hue: float) -> str:
    """An OKLCH color as `#rrggbb`, for readers of SVG that know sRGB only (Ottosson's matrices)."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{_byte(value):02x}" for value in linear)


def _byte(linear: float) -> int:
    value = min(1.0, max(0.0, linear))
    return round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))


def framed(picture: bytes, width: int, height: int) -> str:
    """A PNG as a drawing, for what takes nothing but drawings."""
    data = base64.b64encode(picture).decode()
    size = f'width="{width}" height="{height}"'
    image = f'<image {size} href="data:image/png;base64,{data}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}">{image}</svg>'


def standalone(drawing: str, *, title: str) -> str:
    """The page's inline drawing as a file: with its namespace, a title, and colors that every reader knows."""
    colored = OKLCH.sub(lambda found: hex_of(*(float(part) for part in found.groups())), drawing.strip())
    named = colored.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return named.replace(">", f"><title>{escape(title)}</title>", 1)


def frame(width: int, height: int) -> str:
    """An engraved frame: a band of crossing waves between lines, and a rosette in each corner. Both sides are multiples of the band."""
    if width % BAND or height % BAND or min(width, height) <= 2 * BAND:
        raise ValueError(f"The sides of a frame are multiples of {BAND}, and longer than two of them.")
    across, down = width // BAND - 2, height // BAND - 2
    sides = [
        _band(across, f"translate({BAND} 0)"),
        _band(across, f"translate({width - BAND} {height}) rotate(180)"),
        _band(down, f"translate({width} {BAND}) rotate(90)"),
        _band(down, f"translate(0 {height - BAND}) rotate(270)"),
    ]
    corners = [_rosette(x, y) for x in (BAND // 2, width - BAND // 2) for y in (BAND // 2, height - BAND // 2)]
    edge = f'<rect x=".75" y=".75" width="{width - 1.5}" height="{height - 1.5}" stroke-width="1.5"/>'
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    drawn = "".join((edge, *sides, *corners))
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} fill="none" stroke="{GOLD}"><defs>{_tile()}</defs>{drawn}</svg>\n'


def _band(tiles: int, placed: str) -> str:
    """One side, as so many tiles from left to right with the frame's outer edge above."""
    drawn = "".join(f'<use href="#tile" x="{at * BAND}"/>' for at in range(tiles))
    return f'<g transform="{placed}">{drawn}</g>'


def _tile() -> str:
    """Six strands between three lines; it continues itself."""
    strands = "".join(f'<path d="{_wave(phase)}"/>' for phase in range(6))
    lines = "".join(f'<path d="M0 {y}h{BAND}" stroke-width="{weight}"/>' for y, weight in ((3, 0.5), (BAND - 3, 0.5), (BAND - 0.5, 1)))
    return f'<g id="tile" stroke-width=".4">{strands}{lines}</g>'


def _wave(phase: int) -> str:
    """One strand: a wave within a slower wave, sampled finely enough to look drawn in one stroke."""
    points = []
    for at in range(BAND * 2 + 1):
        x = at / 2
        swell = math.cos(2 * math.pi * x / BAND + math.pi * phase / 6)
        y = BAND / 2 + 6.5 * swell * math.sin(4 * math.pi * x / BAND + math.pi * phase / 3)
        points.append(f"{x:g} {y:.2f}")
    return "M" + "L".join(points)


def _rosette(x: int, y: int) -> str:
    petals = "".join(f'<ellipse rx="9.5" ry="4" transform="rotate({turn * 15})"/>' for turn in range(12))
    drawn = f'<circle r="10.75" stroke-width=".75"/>{petals}<circle r="2.2" fill="{GOLD}" stroke="none"/>'
    return f'<g transform="translate({x} {y})" stroke-width=".4">{drawn}</g>'


@lru_cache(maxsize=500)
def qr_code(address: str, *, quiet_zone: int = 0) -> str:
    """A QR code that survives a fold (error correction M), as SVG of 1 unit a module; with a quiet zone (4 is enough) it is on white.

    The page of a certificate shows it to every visitor: finding its best mask is half of what such a page costs.
    """
    out = io.BytesIO()
    light = "#fff" if quiet_zone else None
    code = segno.make(address, error="m", micro=False)
    code.save(out, kind="svg", border=quiet_zone, xmldecl=False, dark="#14241c", light=light, omitsize=True)
    return out.getvalue().decode()
