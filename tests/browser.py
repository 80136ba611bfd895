"""Chromium for the journeys: the one on this machine, else one that we install, else a sentence that says how."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """The path of a Chromium: `LAUREL_CHROMIUM`, one on the PATH, or the one that Playwright installed."""
    given = os.environ.get("LAUREL_CHROMIUM")
    if given:
        return given
    on_path = next((found for name in NAMES if (found := shutil.which(name))), None)
    return on_path or _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Install Chromium: with apt as root, else Playwright's build."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
        done = subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False, env=environment)
        if done.returncode == 0:
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    if find_chromium() is None:
        print("Installing Chromium (once) …", flush=True)
        install()
    if find_chromium() is None:
        print("The journeys need Chromium. Install it with your package manager, or set LAUREL_CHROMIUM to its path.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
