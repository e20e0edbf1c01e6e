"""Where Chromium is. Debian's has its path here; Playwright downloads none."""

import os
import shutil

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "no Chromium is installed; on Debian and Ubuntu: apt-get install chromium"
LAUNCH = {"executable_path": CHROMIUM, "args": ["--no-sandbox"]}
