"""The WSGI application of both Django peers. ``PEER`` is the module with the endpoints.

PEER=drf DATABASE_URL=postgresql://… gunicorn django_wsgi
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "django_settings"
application = get_wsgi_application()
