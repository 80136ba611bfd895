"""The door: read the settings, make the real ports, assemble the application."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "platform"))

from laurel.serving import make_app

app = make_app()
