"""Create heroesite's tables in the database of DATABASE_URL, its static files and its users.

    python -m benchmarks.preparation

Prints the headers for each caller as JSON. The token and one session belong to an editor, who can write but
can't see secret names. The other session belongs to an administrator, for requests to the admin. The
returning visitor has a cookie, so that no stored page is the response.
"""

import json
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group, User
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command

from heroesite.api.models import ApiToken
from heroesite.management.commands.serve import Command


def session_of(user: Any) -> str:
    """Sign a user in, and return the value of the Cookie header."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    Command().collect_static_files()
    administrator = User.objects.create_superuser("administrator", "admin@example.org", "not used")
    editor = User.objects.create_user("editor", "editor@example.org", "not used")
    editor.groups.add(Group.objects.get(name="Editors"))
    _token, text = ApiToken.objects.issue(editor, name="benchmark")
    headers = {
        "returning visitor": {"Cookie": "visits=2"},
        "token": {"Authorization": f"Bearer {text}"},
        "editor": {"Cookie": session_of(editor)},
        "administrator": {"Cookie": session_of(administrator)},
    }
    print(json.dumps(headers))


if __name__ == "__main__":
    main()
