"""Finds the Chromium that pages are tested with, and installs one if there is none: `python scripts/chromium.py`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-liberation")  # of Debian; letters must be as wide everywhere
_PLAYWRIGHTS_OWN = (
    "from playwright.sync_api import sync_playwright as play\nwith play() as p: print(p.chromium.executable_path)"
)


def find() -> str | None:
    """Give the path of the Chromium that `CHROMIUM` names, of the machine's, or of Playwright's own; None without."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    installed = next(filter(None, map(shutil.which, NAMES)), None)
    if installed:
        return installed
    told = subprocess.run([sys.executable, "-c", _PLAYWRIGHTS_OWN], capture_output=True, text=True, check=False)
    own = told.stdout.strip()
    return own if Path(own).is_file() else None


def install() -> None:
    """Install Chromium with all that it needs by Debian's packages where that is allowed, else Playwright's own."""
    packages = shutil.which("apt-get")
    if packages and os.geteuid() == 0:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
            subprocess.run([packages, "-qq", *command], env=environment, capture_output=True, check=False)
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """See to it that there is a Chromium; 1 and what to do if none can be had."""
    if find() is not None:
        return 0
    if not os.environ.get("CHROMIUM"):
        print("Installing Chromium for the tests of the pages (once).", flush=True)
        install()
        if find() is not None:
            return 0
    print(
        "There is no Chromium, which the tests of the pages need. Install it (on Debian: apt-get install chromium), "
        "or name yours: CHROMIUM=/path/to/chromium make test",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
