"""Run nginx in front of a site, with the configuration of ``deploy/nginx.conf``."""

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.__main__ import ROOT

from .processes import free_port, wait_for

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
"""The program. Debian installs it where only root looks for programs."""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
CONFIGURATION = """
daemon off;
user {user};
worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    {temporary}
    proxy_cache_path {folder}/cache keys_zone=heroesite:10m inactive=5s use_temp_path=off;
    upstream heroesite {{ server 127.0.0.1:{site}; keepalive 16; }}
    server {{
        listen 127.0.0.1:{port};
        include {folder}/heroesite.conf;
    }}
}}
"""


@contextmanager
def nginx(folder: Path, site: int, *, workers: int = 1, scheme: str = "$scheme") -> Iterator[int]:
    """Run nginx while the block runs. Yields the port that it listens on.

    Args:
        folder: an empty folder for its files.
        site: the port of the site.
        scheme: the value of X-Forwarded-Proto, such as ``https`` for a site that requires it.
    """
    port = free_port()
    shipped = (ROOT / "deploy" / "nginx.conf").read_text()
    (folder / "heroesite.conf").write_text(shipped.replace("$scheme", scheme))
    (folder / "nginx.conf").write_text(
        CONFIGURATION.format(
            user=getpass.getuser(),
            workers=workers,
            folder=folder,
            temporary=" ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY),
            site=site,
            port=port,
        )
    )
    process = subprocess.Popen([str(NGINX), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"])
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()
