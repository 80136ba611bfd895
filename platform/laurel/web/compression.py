"""Compression of what a view wrote, but not of pages with a password form: their size would tell what is in them (BREACH)."""

from flask import Flask, Response, g
from flask_compress import Compress


class CarefulCompress(Compress):
    """Flask-Compress that leaves answers alone where the view asked for it."""

    def after_request(self, response: Response | None) -> Response:
        return response if response is not None and g.get("keep_plain") else super().after_request(response)


def keep_plain() -> None:
    """Do not compress this request's answer."""
    g.keep_plain = True


def init_app(app: Flask) -> None:
    app.config.update(COMPRESS_ALGORITHM=["br", "gzip"], COMPRESS_MIN_SIZE=1000, COMPRESS_STREAMS=False)
    CarefulCompress(app)
