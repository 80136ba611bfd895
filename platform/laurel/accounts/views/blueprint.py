"""The blueprint that all screens of this package share."""

from flask import Blueprint

bp = Blueprint("accounts", __name__)
