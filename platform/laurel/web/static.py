"""Static files under `/static/<digest>/`: the address changes when a file does, so browsers may keep them for ever."""

import hashlib
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise

from laurel.settings import Settings
from laurel.web import fonts
from laurel.web.headers import static_headers

FOLDER = Path(__file__).resolve().parent.parent / "static"


def digest_of(folder: Path) -> str:
    """A short digest over the names and contents of all files in `folder`."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(str(file.relative_to(folder)).encode())
        total.update(file.read_bytes())
    return total.hexdigest()[:12]


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the folder through WhiteNoise, with our security headers and caching for a year."""
    prefix = app.static_url_path or ""
    headers = static_headers(settings)

    def add(found: object, _path: str, _url: str) -> None:
        for name, value in headers.items():
            found[name] = value  # type: ignore[index]

    served = WhiteNoise(
        app.wsgi_app,
        root=FOLDER,
        prefix=prefix,
        max_age=31536000,
        immutable_file_test=lambda _path, _url: True,
        allow_all_origins=False,
        add_headers_function=add,
        index_file=False,
    )
    if fonts.FOLDER.is_dir():
        served.add_files(str(fonts.FOLDER), prefix=f"{prefix}/fonts")
    app.wsgi_app = served  # type: ignore[method-assign]
