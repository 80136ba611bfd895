"""Static files under `/static/<digest>/`: the address changes when a file does, so browsers may keep them for ever."""

import re
from pathlib import Path

from flask import Flask, Response
from whitenoise import WhiteNoise

from laurel.settings import Settings
from laurel.web import fonts
from laurel.web.access import PUBLIC, policy
from laurel.web.headers import static_headers
from laurel.web.limits import limiter

FOLDER = Path(__file__).resolve().parent.parent / "static"
FOREVER = 365 * 24 * 3600
COMMENT = re.compile(r"/\*.*?\*/\n?", re.DOTALL)
SPACE = re.compile(r"\s*([{};])\s*")
"""Around what ends a rule or a line of it; no string in a sheet holds one of these."""
IMPORT = re.compile(r'@import "(?P<file>[\w/.-]+)" layer\((?P<layer>\w+)\);')


def bundle_css(folder: Path) -> str:
    """`site.css` with the sheets that it imports, each in its layer, without comments and empty space: one request instead of twenty."""

    def sheet(found: re.Match[str]) -> str:
        rules = (folder / found["file"]).read_text().replace('url("../../', 'url("../')
        return f"@layer {found['layer']} {{\n{rules}\n}}"

    return SPACE.sub(r"\1", COMMENT.sub("", IMPORT.sub(sheet, (folder / "site.css").read_text())))


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the folder through WhiteNoise, with our security headers and caching for a year."""
    prefix = app.static_url_path or ""
    headers = static_headers(settings)
    css = bundle_css(FOLDER / "css")

    @app.get(f"{prefix}/css/all.css")
    @limiter.exempt
    @policy(GET=PUBLIC)
    def style_sheet() -> Response:
        return Response(css, mimetype="text/css", headers={**headers, "Cache-Control": f"public, max-age={FOREVER}, immutable"})

    def add(found: object, _path: str, _url: str) -> None:
        for name, value in headers.items():
            found[name] = value  # type: ignore[index]

    served = WhiteNoise(
        app.wsgi_app,
        root=FOLDER,
        prefix=prefix,
        max_age=FOREVER,
        immutable_file_test=lambda _path, _url: True,
        allow_all_origins=False,
        add_headers_function=add,
        index_file=False,
    )
    if fonts.FOLDER.is_dir():
        served.add_files(str(fonts.FOLDER), prefix=f"{prefix}/fonts")
    app.wsgi_app = served  # type: ignore[method-assign]
