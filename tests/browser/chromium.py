"""The installed Chromium, which is started instead of one that Playwright downloads."""

import os
import shutil

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "Chromium is not installed. On Debian and Ubuntu: apt-get install chromium"
LAUNCH = {"executable_path": CHROMIUM, "args": ["--no-sandbox"]}
