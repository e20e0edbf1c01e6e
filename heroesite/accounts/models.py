"""Folded usernames: usernames are unique and looked up ignoring case."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from heroesite.text import fold

LONGEST_KEY = 600
"""Characters: a username has at most 150, and folding turns one character into four at most."""


class UsernameTaken(ValidationError):
    """Another user has this username, ignoring case."""


class FoldedUsernameManager(models.Manager["FoldedUsername"]):
    def find_user(self, username: str) -> User | None:
        """Return the user with that username in any case, if there is one."""
        return User.objects.using(self.db).filter(folded_username__key=fold(username)).first()

    def check_free(self, username: str, user: User) -> None:
        """
        Raises:
            UsernameTaken: a user other than ``user`` has that username.
        """
        other = self.find_user(username)
        if other and other.pk != user.pk:
            raise UsernameTaken(
                _("There is already a user named %(name)s. Choose another name."),
                code="unique",
                params={"name": other.username},
            )

    def store(self, user: User) -> None:
        """Write the folded username of ``user``.

        Raises:
            UsernameTaken: another user has taken that username since it was checked.
        """
        try:
            with transaction.atomic(using=self.db):
                self.update_or_create(user=user, defaults={"key": fold(user.username)})
        except IntegrityError:
            self.check_free(user.username, user)
            raise


class FoldedUsername(models.Model):
    """The folded form of a user's name (:func:`heroesite.text.fold`).

    Django's user model compares usernames as the database does, and databases disagree about the case of
    letters that are not ASCII. :mod:`heroesite.accounts.signals` keeps the key up to date whenever a user is
    saved. ``bulk_create`` and ``update`` send no signals: such users sign in with their name as it is stored.
    """

    user: Any = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="folded_username"
    )
    key = models.CharField(max_length=LONGEST_KEY, unique=True)

    objects = FoldedUsernameManager()

    class Meta:
        default_permissions = ()
        verbose_name = _("folded username")
        verbose_name_plural = _("folded usernames")

    def __str__(self) -> str:
        return self.key
