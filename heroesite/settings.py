"""Settings: read from the environment only; all errors are reported at once.

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
from heroesite.database.url import database

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = Env(eager=False)
invalid_lines = environment.read_env_file(BASE_DIR / ".env", os.environ)


# The environment -----------------------------------------------------------------------

env.add_parser("boolean", environment.boolean)
env.add_parser("hosts", environment.hosts)
env.add_parser("origins", environment.origins)
env.add_parser("port", environment.integer(1, 65535))
env.add_parser("ports", environment.ports)
env.add_parser("email", environment.email)
env.add_parser("workers", environment.integer(1, 64))
env.add_parser("proxies", environment.integer(0, 10))
env.add_parser("hours", environment.integer(1, 8760))
env.add_parser("days", environment.integer(1, 36500))
env.add_parser("requests", environment.integer(0, 1_000_000))
env.add_parser("redis", environment.redis)
env.add_parser("stage", environment.choice("development", "production"))
env.add_parser("level", environment.choice("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))

HEROESITE_ENV = env.stage("HEROESITE_ENV", "development")
PRODUCTION = HEROESITE_ENV == "production"

env.add_parser("host", environment.host(loopback_only=not PRODUCTION))
env.add_parser("secret_key", environment.secret_key(None if PRODUCTION else VAR_DIR / "secret_key"))
env.add_parser("database", database(BASE_DIR, web=os.environ.get("HEROESITE_PROCESS") != "command"))


def in_development(default: str) -> Any:
    """Return a default for development. In production there is none, so the variable must be set."""
    return ... if PRODUCTION else default


SECRET_KEY = env.secret_key("SECRET_KEY", in_development(""))
DATABASES = {"default": env.database("DATABASE_URL", in_development("sqlite:///var/heroesite.sqlite3"))}
HOST = env.host("HOST", "127.0.0.1")
PORT = env.port("PORT", "8000")
ADDRESS = f"[{HOST}]" if ":" in str(HOST) else str(HOST)
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", in_development(f"localhost, 127.0.0.1, [::1], {ADDRESS}"))
EMAIL = env.email("EMAIL_URL", in_development("console:"))
DEBUG = env.boolean("DEBUG", "false")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS", "")
CORS_ALLOWED_ORIGINS = env.origins("CORS_ORIGINS", "")
LOG_LEVEL = env.level("LOG_LEVEL", "INFO")
PUBLIC_READ = env.boolean("PUBLIC_READ", "true")
FAST_READS = env.boolean("FAST_READS", "true")
TRUSTED_PROXIES = env.proxies("TRUSTED_PROXIES", "1" if PRODUCTION else "0")
WEB_CONCURRENCY = env.workers("WEB_CONCURRENCY", str(min(2 * (os.cpu_count() or 1), 4)))
IDEMPOTENCY_HOURS = env.hours("IDEMPOTENCY_HOURS", "24")
DISCLOSURE_DAYS = env.days("DISCLOSURE_DAYS", "365")
REQUIRE_IF_MATCH = env.boolean("REQUIRE_IF_MATCH", "false")
WEBHOOK_ALLOW_PRIVATE = env.boolean("WEBHOOK_ALLOW_PRIVATE", "false")
WEBHOOK_PORTS = env.ports("WEBHOOK_PORTS", "")
REDIS_URL = env.redis("REDIS_URL", "")
LIMITS = {
    "user": env.requests("LIMIT_USER", "60000"),
    "token": env.requests("LIMIT_TOKEN", "30000"),
    "address": env.requests("LIMIT_ADDRESS", "60000"),
}
"""Requests per minute to the API; 0 means no limit."""

errors: dict[str, Any] = {}
try:
    env.seal()
except EnvValidationError as error:
    unset = ["Environment variable not set."]
    errors = {
        name: ["Set this variable. It is required in production."] if messages == unset else messages
        for name, messages in error.error_messages.items()  # type: ignore[union-attr]
    }
if PRODUCTION and DEBUG:
    errors["DEBUG"] = ["Set this to false in production. Django's debug pages show settings and data."]
if invalid_lines:
    numbers = ", ".join(map(str, invalid_lines))
    errors[".env"] = [f"Invalid on line {numbers}. Write NAME=value in UTF-8 and close all quotes."]
if errors:
    lines = [f"  {name}: {' '.join(messages)}" for name, messages in sorted(errors.items())]
    raise ImproperlyConfigured(
        "\n".join(
            [
                "heroesite can't start. Fix these settings in the environment or in .env:",
                *lines,
                "docs/CONFIGURATION.md explains each setting.",
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
    "heroesite.middleware.RequestIdMiddleware",
    "heroesite.logs.RequestLogMiddleware",
    "heroesite.records.api.fast_reads.FastReadMiddleware",
    "heroesite.records.api.fast_writes.FastWriteMiddleware",
    "heroesite.stored_pages.StoredPageMiddleware",
    "heroesite.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "heroesite.middleware.PolicyMiddleware",
    "heroesite.middleware.PageCompressionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "heroesite.middleware.CacheControlMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "heroesite.api.limits.RateLimitHeaders",
    "heroesite.middleware.PageLocaleMiddleware",
    "heroesite.middleware.RequestValidationMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "heroesite.middleware.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "heroesite.logs.LoggedUserMiddleware",
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
                "heroesite.context_processors.available_user",
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
LOCALE_PATHS = [
    BASE_DIR / "heroesite" / "locale",
    BASE_DIR / "heroesite" / "locale_overrides",  # texts of Django and of other packages, reworded
]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
# Development serves static files from their sources; production from one folder, hashed and compressed.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["png", "gz", "br", "map"]

DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000_000  # in bulk; heroesite.middleware refuses more than 2 MB elsewhere
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
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}{context}", "style": "{"}},
    "filters": {
        "request": {"()": "heroesite.logs.RequestFilter"},
        "outage": {"()": "heroesite.logs.OutageFilter"},
        "rejected_host": {"()": "heroesite.logs.RejectedHostFilter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request"],
            "level": LOG_LEVEL,  # here too, because the worker sets the level of its logger itself
        },
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # The access log has the status of each request. A client's error is for the client to read.
    "loggers": {
        "django": {"handlers": []},
        "django.request": {"level": "ERROR", "filters": ["outage"]},
        "django.security": {"level": "CRITICAL"},
        "django.security.DisallowedHost": {"level": "ERROR", "filters": ["rejected_host"]},
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
UNUSED_FEATURES = [
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"),
    *("microphone", "midi", "payment", "usb"),
]
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES)
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# Gunicorn believes no such header (deploy/gunicorn.conf.py).
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SESSION_ENGINE = "heroesite.accounts.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    # Other hosts of the domain may not support HTTPS, so HSTS doesn't include subdomains.
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
        "heroesite.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["heroesite.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "heroesite.api.negotiation.ContentNegotiation",
    "DEFAULT_SCHEMA_CLASS": "heroesite.api.openapi.schema.RecordAutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["heroesite.api.limits.Limits"],
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
REST_KNOX = {"TOKEN_TTL": None}
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
    "PREPROCESSING_HOOKS": ["heroesite.api.openapi.schema.with_trailing_slash"],
    "POSTPROCESSING_HOOKS": [
        "heroesite.api.openapi.components.add_schemas",
        "heroesite.webhooks.schema.add_webhooks",
    ],
}
