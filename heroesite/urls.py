"""The URL patterns of the site."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, include, path, re_path
from django.views.decorators.http import require_POST
from django.views.generic import RedirectView
from django.views.i18n import set_language

from heroesite.api import docs
from heroesite.changelog.api.viewsets import ChangeSetViewSet
from heroesite.changelog.charts import changes_per_day
from heroesite.changelog.urls import api_history_urls, history_urls
from heroesite.errors import not_found
from heroesite.home import HomeView, SearchView
from heroesite.languages import LanguageView
from heroesite.records.api.routers import RecordRouter
from heroesite.records.registry import record_types

router = RecordRouter()
for record_type in record_types():
    router.register(record_type.prefix, record_type.viewset, basename=record_type.basename)
router.register("changesets", ChangeSetViewSet, basename="changeset")

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def with_or_without_slash(address: str, view: Any, name: Any = None) -> list[URLPattern]:
    """Return patterns for both URLs, without a redirect. ``name`` is the one with the slash."""
    return [path(address, view), path(f"{address}/", view, name=name)]


urlpatterns = [
    path("api/v1/", include(([*router.urls, *api_history_urls(router)], "api"))),
    path("", HomeView.as_view(charts=[changes_per_day]), name="home"),
    path("search/", SearchView.as_view(), name="search"),
    path("language/", LanguageView.as_view(), name="language"),
    path("language/set/", login_not_required(require_POST(set_language)), name="set_language"),
    *(
        path(f"{each.prefix}/", include(([*history_urls(each.model), *each.urls], each.prefix)))
        for each in record_types()
    ),
    path("history/", include("heroesite.changelog.urls")),
    path("account/", include("heroesite.accounts.urls")),
    re_path("^admin/r/", not_found),  # it reveals which ids exist
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
    path("api/v1", router.get_api_root_view()),
    *with_or_without_slash("api/schema", docs.SchemaView.as_view(), "schema"),
    *with_or_without_slash("api/docs", docs.swagger, "swagger"),
    *with_or_without_slash("api/redoc", docs.redoc, "redoc"),
    path("api/redoc-<str:digest>.js", docs.redoc_script, name="redoc_script"),
    *with_or_without_slash("docs", login_not_required(RedirectView.as_view(pattern_name="swagger"))),
    *with_or_without_slash("redoc", login_not_required(RedirectView.as_view(pattern_name="redoc"))),
]

handler400 = "heroesite.errors.bad_request"
handler403 = "heroesite.errors.permission_denied"
handler404 = "heroesite.errors.not_found"
handler429 = "heroesite.errors.too_many_requests"
handler500 = "heroesite.errors.server_error"
