"""Account pages: API tokens here, signing in and passwords by django-allauth."""

from django.urls import include, path

from . import tokens

urlpatterns = [
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<str:token_key>/revoke/", tokens.revoke, name="revoke_token"),
    path("", include("allauth.account.urls")),
]
