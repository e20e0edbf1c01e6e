"""Score the main pages with Lighthouse: the medians of three runs, as on a phone.

    python -m benchmarks.lighthouse

Needs Chromium, and npx, which downloads Lighthouse 12. The site has the sample
roster, as with ``make run``.
"""

import http.cookiejar
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.browser.chromium import CHROMIUM, MISSING
from tests.processes.processes import serving

LIGHTHOUSE = "lighthouse@12.8.2"
ROUNDS = 3
PAGES = {"home": "/", "list": "/heroes/", "detail": "/heroes/5/", "form": "/heroes/5/edit/"}
CATEGORIES = ["performance", "accessibility", "best-practices"]
ADMINISTRATOR = {
    "DJANGO_SUPERUSER_USERNAME": "admin",
    "DJANGO_SUPERUSER_PASSWORD": "correct horse battery staple",
}


def sign_in(site: str) -> str:
    """Sign in as the administrator. Returns the value of a Cookie header."""
    jar = http.cookiejar.CookieJar()
    opener = build_opener(HTTPCookieProcessor(jar))
    address = f"{site}/account/login/"
    page = opener.open(address).read().decode()
    [token] = re.findall('name="csrfmiddlewaretoken" value="([^"]+)"', page)[-1:]
    sent = {
        "csrfmiddlewaretoken": token,
        "login": ADMINISTRATOR["DJANGO_SUPERUSER_USERNAME"],
        "password": ADMINISTRATOR["DJANGO_SUPERUSER_PASSWORD"],
    }
    opener.open(Request(address, urlencode(sent).encode(), {"Referer": address}))
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def run(address: str, cookie: str) -> dict[str, Any]:
    """Return a report of Lighthouse."""
    command = ["npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json"]
    options = [
        f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox",
        f"--extra-headers={json.dumps({'Cookie': cookie} if cookie else {})}",
    ]
    environment = {**os.environ, "CHROME_PATH": str(CHROMIUM)}
    ran = subprocess.run([*command, *options], capture_output=True, text=True, check=True, env=environment)
    report: dict[str, Any] = json.loads(ran.stdout)
    return report


def failed_audits(report: dict[str, Any]) -> set[str]:
    """Return the audits with a weight that have failed."""
    weighted = {
        audit["id"]
        for name in CATEGORIES
        for audit in report["categories"][name]["auditRefs"]
        if audit["weight"]
    }
    return {
        f"{name} {audit.get('displayValue', '')}".strip()
        for name, audit in report["audits"].items()
        if name in weighted and audit["score"] is not None and audit["score"] < 1
    }


def main() -> None:
    if CHROMIUM is None:
        sys.exit(MISSING)
    print(f"{'page':8}{''.join(f'{name:>16}' for name in CATEGORIES)}{'kB':>8}")
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), **ADMINISTRATOR) as (site, _printed):
        cookie = sign_in(site)
        for name, address in PAGES.items():
            signed_in = cookie if name == "form" else ""
            reports = [run(f"{site}{address}", signed_in) for _round in range(ROUNDS)]
            scores = [
                statistics.median(report["categories"][category]["score"] for report in reports)
                for category in CATEGORIES
            ]
            weight = statistics.median(
                report["audits"]["total-byte-weight"]["numericValue"] for report in reports
            )
            print(
                f"{name:8}{''.join(f'{100 * score:16.0f}' for score in scores)}{weight / 1000:8.1f}",
                flush=True,
            )
            for audit in sorted(set.union(*map(failed_audits, reports))):
                print(f"        {audit}")


if __name__ == "__main__":
    main()
