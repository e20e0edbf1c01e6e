"""Gunicorn's settings, on a laptop and in production; the address is given by who starts it."""

import multiprocessing
import os

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", min(2 * multiprocessing.cpu_count(), 4)))
threads = 4
timeout = 30
graceful_timeout = 30
keepalive = 5
limit_request_line = 8190
forwarder_headers = ""  # a client does not say where the site is mounted
control_socket_disable = True
accesslog = None
loglevel = "warning"
preload_app = False
