"""Forms of the admin of users."""

from typing import Any

from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm

from .models import FoldedUsername


class UniqueUsername:
    """Refuses a username that another user has in any case."""

    cleaned_data: dict[str, Any]
    instance: Any

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        FoldedUsername.objects.check_free(username, self.instance)
        return username


class AddUserForm(UniqueUsername, AdminUserCreationForm):
    pass


class ChangeUserForm(UniqueUsername, UserChangeForm):
    pass
