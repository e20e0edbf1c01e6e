"""Gunicorn's settings, on a laptop and in production; address and workers are given by who starts it."""

worker_class = "gthread"
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
