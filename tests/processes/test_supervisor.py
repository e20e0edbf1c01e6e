"""``serve`` restarts gunicorn when it is killed, and no process is left running when it is killed itself."""

import os
import re
import signal
import socket
from urllib.request import urlopen

from .processes import (
    children,
    free_port,
    gunicorn,
    is_running,
    manage,
    next_line,
    server_process,
    wait_until,
)

UNFINISHED = b"POST /heroes/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"


def status(site):
    """Return the status of the first page, or ``None`` if it isn't served."""
    try:
        with urlopen(site) as response:
            return response.status
    except OSError:
        return None


def test_a_killed_server_leaves_no_process_and_frees_the_port(register_folder):
    with server_process(register_folder, WEB_CONCURRENCY="2") as (server, site, _printed):
        assert status(site) == 200
        master, workers = gunicorn(server)
        processes = {*children(server.pid), master, *workers}
        assert len(processes) == 4
        server.kill()
        server.wait()
        wait_until(lambda: not any(map(is_running, processes)))
    socket.create_server(("127.0.0.1", int(site.rpartition(":")[2]))).close()


def test_gunicorn_is_restarted_when_it_is_killed_even_while_a_request_runs(register_folder):
    with server_process(register_folder) as (server, site, _printed):
        with socket.create_connection(("127.0.0.1", int(site.rpartition(":")[2]))) as client:
            client.sendall(UNFINISHED)
            assert b"100 Continue" in client.recv(100)
            master, workers = gunicorn(server)
            os.kill(master, signal.SIGKILL)
            line = next_line(server, "gunicorn ended")
            assert re.search(r"gunicorn ended \(SIGKILL\)\. Restarting it in [12] s\.$", line)
            wait_until(lambda: not any(map(is_running, workers)))
            assert wait_until(lambda: status(site)) == 200
        new_master, new_workers = gunicorn(server)
        assert {master, *workers}.isdisjoint({new_master, *new_workers})
        assert server.poll() is None


def test_the_site_stops_if_gunicorn_cannot_start(register_folder):
    ran = manage(register_folder, "serve", PORT=str(free_port()), GUNICORN_CMD_ARGS="--no-such-option")
    assert ran.returncode == 2
    assert "gunicorn can't start (exit code 2)." in ran.stderr
