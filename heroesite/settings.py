"""Settings: one file, the environment only, and every fault told at once.

``docs/CONFIGURATION.md`` lists each variable with its default.
"""

import os
from pathlib import Path
from typing import Any

from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env, EnvValidationError

from heroesite import environment

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = Env(eager=False)
unreadable = environment.read_file(BASE_DIR / ".env", os.environ)


# The environment -----------------------------------------------------------------------

env.add_parser("yes_or_no", environment.yes_or_no)
env.add_parser("hosts", environment.hosts)
env.add_parser("origins", environment.origins)
env.add_parser("port", environment.whole_number(1, 65535))
env.add_parser("ports", environment.ports)
env.add_parser("email", environment.email)
env.add_parser("workers", environment.whole_number(1, 64))
env.add_parser("proxies", environment.whole_number(0, 10))
env.add_parser("hours", environment.whole_number(1, 8760))
env.add_parser("days", environment.whole_number(1, 36500))
env.add_parser("requests", environment.whole_number(0, 1_000_000))
env.add_parser("redis", environment.redis)
env.add_parser("stage", environment.one_of("laptop", "production"))
env.add_parser("level", environment.one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))

HEROESITE_ENV = env.stage("HEROESITE_ENV", "laptop")
ON_LAPTOP = HEROESITE_ENV != "production"

env.add_parser("host", environment.host(on_laptop=ON_LAPTOP))
env.add_parser("secret", environment.secret(VAR_DIR / "secret_key" if ON_LAPTOP else None))
env.add_parser("database", environment.database(BASE_DIR))


def for_laptop(default: str) -> Any:
    """A default that holds on a laptop; elsewhere nothing is made up and the variable must be set."""
    return default if ON_LAPTOP else ...


SECRET_KEY = env.secret("SECRET_KEY", for_laptop(""))
DATABASES = {"default": env.database("DATABASE_URL", for_laptop("sqlite:///var/heroesite.sqlite3"))}
HOST = env.host("HOST", "127.0.0.1")
PORT = env.port("PORT", "8000")
ADDRESS = f"[{HOST}]" if ":" in str(HOST) else str(HOST)
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", for_laptop(f"localhost, 127.0.0.1, [::1], {ADDRESS}"))
EMAIL = env.email("EMAIL_URL", for_laptop("console:"))
DEBUG = env.yes_or_no("DEBUG", "false")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS", "")
CORS_ALLOWED_ORIGINS = env.origins("CORS_ORIGINS", "")
LOG_LEVEL = env.level("LOG_LEVEL", "INFO")
PUBLIC_READ = env.yes_or_no("PUBLIC_READ", "true")
TRUSTED_PROXIES = env.proxies("TRUSTED_PROXIES", "0" if ON_LAPTOP else "1")
WEB_CONCURRENCY = env.workers("WEB_CONCURRENCY", str(min(2 * (os.cpu_count() or 1), 4)))
IDEMPOTENCY_HOURS = env.hours("IDEMPOTENCY_HOURS", "24")
DISCLOSURE_DAYS = env.days("DISCLOSURE_DAYS", "365")
REQUIRE_IF_MATCH = env.yes_or_no("REQUIRE_IF_MATCH", "false")
WEBHOOK_ALLOW_PRIVATE = env.yes_or_no("WEBHOOK_ALLOW_PRIVATE", "false")
WEBHOOK_PORTS = env.ports("WEBHOOK_PORTS", "")
REDIS_URL = env.redis("REDIS_URL", "")
LIMITS = {
    "user": env.requests("LIMIT_USER", "60000"),
    "token": env.requests("LIMIT_TOKEN", "30000"),
    "address": env.requests("LIMIT_ADDRESS", "60000"),
}
"""Requests a minute to the API; 0 for any number."""

faults: dict[str, Any] = {}
try:
    env.seal()
except EnvValidationError as error:
    unset = ["Environment variable not set."]
    faults = {
        name: ["it must be set when HEROESITE_ENV=production."] if messages == unset else messages
        for name, messages in error.error_messages.items()  # type: ignore[union-attr]
    }
if not ON_LAPTOP and DEBUG:
    faults["DEBUG"] = ["it must be false in production: its pages show settings and data."]
if unreadable:
    places = ", ".join(map(str, unreadable))
    faults[".env"] = [f"line {places} cannot be read; write NAME=value in UTF-8, with quotes closed."]
if faults:
    lines = [f"  {name}: {' '.join(messages)}" for name, messages in sorted(faults.items())]
    raise ImproperlyConfigured(
        "\n".join(
            [
                "heroesite cannot start. Mend these in the environment or in .env:",
                *lines,
                "docs/CONFIGURATION.md explains each.",
            ]
        )
    )


# Django --------------------------------------------------------------------------------

INSTALLED_APPS = [
    "heroesite.records",
    "heroesite.changelog",
    "heroesite.webhooks",
    "heroesite.api",
    "teams",
    "heroes",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "corsheaders",
    "csp",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "simple_history",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_tasks",
    "django_tasks_db",
    "heroesite.accounts",
    "heroesite",  # the last, since its admin replaces others'
]
MIDDLEWARE = [
    "heroesite.requests.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "heroesite.requests.CompressedPages",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "heroesite.requests.PrivateAnswers",
    "corsheaders.middleware.CorsMiddleware",
    "heroesite.api.limits.RateLimitHeaders",
    "heroesite.languages.PageLanguage",
    "heroesite.requests.RequestRules",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "heroesite.records.audit.middleware.ChangeSetMiddleware",
]
if not PUBLIC_READ:
    MIDDLEWARE.insert(
        MIDDLEWARE.index("django.contrib.messages.middleware.MessageMiddleware"),
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    )
ROOT_URLCONF = "heroesite.urls"
WSGI_APPLICATION = "heroesite.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "heroesite.records.context_processors.record_types",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Shared by all processes, so that limits count across them.
CACHES = {
    "default": {"BACKEND": "heroesite.caches.LenientRedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "heroesite.caches.CountingDatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

SITE_TITLE = _("Register of heroes")
SITE_DESCRIPTION = _("Look up heroes and their teams, and keep the record straight.")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "heroesite" / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = None if ON_LAPTOP else VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# A laptop serves static files from where they are; production from one folder, hashed and compressed.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if ON_LAPTOP
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = ON_LAPTOP
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["png", "gz", "br", "map"]

DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000_000  # in bulk; heroesite.requests refuses more than 2 MB elsewhere
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = EMAIL["EMAIL_HOST"], EMAIL["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_USER"], EMAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL["EMAIL_USE_TLS"], EMAIL["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = EMAIL["EMAIL_TIMEOUT"] or 10
DEFAULT_FROM_EMAIL = EMAIL.get("DEFAULT_FROM_EMAIL", "heroesite@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    # The handler has the level too, since the worker of the jobs sets its logger's own.
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "level": LOG_LEVEL},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # What a client did wrong is told to the client; the log is for what went wrong here.
    "loggers": {
        "django": {"handlers": []},
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
    },
}

# Security ------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 14 * 24 * 3600
if not ON_LAPTOP:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    # What the domain's other hosts speak is not this site's to say.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    LANGUAGE_COOKIE_SECURE = True
CSRF_FAILURE_VIEW = "heroesite.errors.csrf_failure"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["heroesite.accounts.backends.FoldedUsernameBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "heroesite.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "change_password": "heroesite.accounts.forms.ChangePasswordForm",
    "reset_password_from_key": "heroesite.accounts.forms.ResetPasswordForm",
}
# Failed attempts to sign in. One address alone cannot use up the attempts at a username, so its owner can
# sign in from another one while somebody guesses.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip",
    "login_failed_by_username_and_address": "5/5m/key",
    "login_failed_by_username": "30/5m/key",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "if-match", "if-none-match", "x-request-id"]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
]

# The API -------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "heroesite.api.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["heroesite.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "heroesite.api.negotiation.Negotiation",
    "DEFAULT_SCHEMA_CLASS": "heroesite.api.openapi.schema.RecordAutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["heroesite.api.limits.Limits"],
    "NUM_PROXIES": TRUSTED_PROXIES,
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "heroesite.api.problems.ProblemHandler",
    "EXCEPTION_FORMATTER_CLASS": "heroesite.api.problems.ProblemFormatter",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": False,
}
KNOX_TOKEN_MODEL = "api.ApiToken"  # noqa: S105  a model, not a password
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": None}
MIGRATION_MODULES = {"knox": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "heroesite",
    "VERSION": "1",
    "DESCRIPTION": "Look up heroes and their teams, and keep the record straight.",
    "OAS_VERSION": "3.1.0",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SERVE_INCLUDE_SCHEMA": False,
    "PREPROCESSING_HOOKS": ["heroesite.api.openapi.schema.one_path_each"],
    "POSTPROCESSING_HOOKS": [
        "heroesite.api.openapi.components.add_schemas",
        "heroesite.webhooks.schema.add_webhooks",
    ],
}
