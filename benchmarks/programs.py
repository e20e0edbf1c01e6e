"""Install the Debian packages that benchmarks need: wrk, PostgreSQL and nginx."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def is_missing(package: str) -> bool:
    if package == "postgresql":
        return not list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return shutil.which(package, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None


def install_programs(*packages: str) -> None:
    """Install missing packages as root. For other users, exit with the command that installs them."""
    missing = list(filter(is_missing, packages))
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        names = " ".join(missing)
        sys.exit(f"This benchmark needs {names}. To install on Debian or Ubuntu: apt-get install {names}")
    print(f"Installing {' and '.join(missing)} …", file=sys.stderr)
    subprocess.run(["apt-get", "install", "--yes", "--quiet", *missing], check=True, stdout=sys.stderr)
