"""Run PgBouncer in front of a PostgreSQL server."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .processes import free_port, wait_for

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
"""The program. Debian installs it where only root looks for programs."""
CONFIGURATION = """
[databases]
* = host={host} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
ignore_startup_parameters = options
pool_mode = transaction
default_pool_size = {connections}
logfile = {folder}/pgbouncer.log
"""


@contextmanager
def pgbouncer(server: Any, database: str, connections: int) -> Iterator[str]:
    """Run PgBouncer in transaction mode while the block runs. Yields the URL of a database.

    Args:
        server: a server of :func:`tests.__main__.postgresql_server`.
        connections: the number of connections to the server, which its clients share.
    """
    folder = Path(server.pgdata).with_name("pgbouncer")
    folder.mkdir()
    port, configuration = free_port(), folder / "pgbouncer.ini"
    host = server.get_postmaster_info().socket_dir
    configuration.write_text(
        CONFIGURATION.format(host=host, port=port, connections=connections, folder=folder)
    )
    shutil.chown(folder, server.system_user)
    process = subprocess.Popen([str(PGBOUNCER), "--quiet", str(configuration)], user=server.system_user)
    try:
        wait_for(port, process)
        yield f"postgresql://postgres@127.0.0.1:{port}/{database}"
    finally:
        process.terminate()
        process.wait()
