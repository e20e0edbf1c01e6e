"""Forms of the admin of users and groups."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from heroesite.api.models import ApiToken

from .models import FoldedUsername
from .permissions import describe, missing_permissions


def check_grant(user: User, permissions: QuerySet[Permission]) -> None:
    """
    Raises:
        ValidationError: ``user`` doesn't have all of ``permissions``.
    """
    if missing := missing_permissions(user, permissions):
        raise ValidationError(
            _("You can't grant permissions that you don't have: %(permissions)s."),
            code="not_held",
            params={"permissions": describe(missing)},
        )


class UniqueUsername:
    """Rejects a username that another user has, ignoring case."""

    cleaned_data: dict[str, Any]
    instance: Any

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        FoldedUsername.objects.check_free(username, self.instance)
        return username


class AddUserForm(UniqueUsername, AdminUserCreationForm):
    pass


class ChangeUserForm(UniqueUsername, UserChangeForm):
    """Changes a user, and grants no more than the administrator has."""

    granted_by: User

    def clean_is_superuser(self) -> bool:
        is_superuser = self.cleaned_data["is_superuser"]
        if is_superuser and not self.granted_by.is_superuser:
            raise ValidationError(_("Only a superuser can grant superuser status."), code="not_held")
        return is_superuser

    def clean_user_permissions(self) -> QuerySet[Permission]:
        permissions = self.cleaned_data["user_permissions"]
        check_grant(self.granted_by, permissions)
        return permissions

    def clean_groups(self) -> QuerySet[Group]:
        groups = self.cleaned_data["groups"]
        missing = missing_permissions(self.granted_by, Permission.objects.filter(group__in=groups))
        if missing:
            group = groups.filter(permissions__in=missing).first()
            held = group.permissions.filter(pk__in=[permission.pk for permission in missing])
            raise ValidationError(
                _(
                    "You can't add users to %(group)s. It has permissions that you don't have:"
                    " %(permissions)s."
                ),
                code="not_held",
                params={"group": group, "permissions": describe(held)},
            )
        return groups


class GroupForm(forms.ModelForm):
    """Changes a group, and grants no more than the administrator has."""

    granted_by: User

    class Meta:
        model = Group
        fields = ("name", "permissions")

    def clean_permissions(self) -> QuerySet[Permission]:
        permissions = self.cleaned_data["permissions"]
        check_grant(self.granted_by, permissions)
        return permissions


class SetPasswordForm(AdminPasswordChangeForm):
    """Sets the password of a user, or disables it, and revokes the user's API tokens."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.fields["password2"].help_text = _("The user's API tokens will be revoked.")

    @transaction.atomic
    def save(self, commit: bool = True) -> Any:
        user = super().save(commit)
        ApiToken.objects.revoke(user)
        return user
