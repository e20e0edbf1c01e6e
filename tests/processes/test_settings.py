"""Settings come from the environment. All errors are reported at once, each with its fix."""

import re
from concurrent.futures import ProcessPoolExecutor
from stat import S_IMODE

import pytest
from environs import EnvError

from heroesite.environment import read_env_file, secret_key, stored_key
from tests.__main__ import ROOT

from .processes import PRODUCTION, manage


def value_of(setting: str, tmp_path, **settings: str) -> str:
    """Return a setting, as text."""
    code = f"from django.conf import settings; print(settings.{setting})"
    ran = manage(tmp_path, "shell", "--no-imports", "-c", code, **settings)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def errors(tmp_path, **settings: str) -> dict[str, str]:
    """Return the messages with which the site refuses to start, by variable."""
    ran = manage(tmp_path, "check", **settings)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    return dict(re.findall(r"^  (\w+): (.+)$", ran.stderr, re.MULTILINE))


def test_development_needs_no_settings(tmp_path):
    assert manage(tmp_path, "check").returncode == 0


def test_all_errors_are_listed_in_one_message(tmp_path):
    invalid = {
        "HEROESITE_ENV": "moon",
        "DEBUG": "Flase",
        "DATABASE_URL": "mysql://root@localhost/x",
        "CORS_ORIGINS": "https://a.example.org/path",
        "CSRF_TRUSTED_ORIGINS": "a.example.org",
        "LOG_LEVEL": "loud",
        "PUBLIC_READ": "maybe",
        "PORT": "80x",
        "HOST": "nowhere",
        "EMAIL_URL": "pigeon:",
        "SECRET_KEY": "short",
    }
    messages = errors(tmp_path, **invalid)
    assert set(messages) == set(invalid)
    assert messages["DEBUG"] == "“Flase” isn't valid. Use true or false."


def test_the_former_name_of_development_is_an_error_that_names_both_values(tmp_path):
    messages = errors(tmp_path, HEROESITE_ENV="laptop")
    assert messages == {"HEROESITE_ENV": "“laptop” isn't valid. Use development or production."}


def test_production_requires_what_development_generates(tmp_path):
    messages = errors(tmp_path, HEROESITE_ENV="production", SECRET_KEY="", DATABASE_URL="")
    assert set(messages) == {"SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS", "EMAIL_URL"}


def batches(cases):
    """Distribute cases over as few starts of the site as possible, with each variable once in a start."""
    batches = []
    for name, *case in cases:
        without = next((batch for batch in batches if name not in batch), None)
        if without is None:
            batches.append(without := {})
        without[name] = case
    return batches


UNSAFE = [
    ("DEBUG", "true"),
    ("ALLOWED_HOSTS", "*"),
    ("SECRET_KEY", "a" * 60),
    ("SECRET_KEY", "django-insecure-" + "abcdefghij" * 5),
    ("ALLOWED_HOSTS", " , "),
    ("ALLOWED_HOSTS", "https://heroes.example.org"),
    ("ALLOWED_HOSTS", "heroes.example.org:443"),
    ("ALLOWED_HOSTS", "heroes.example.org/x"),
    ("ALLOWED_HOSTS", "heroes example"),
    ("ALLOWED_HOSTS", "[::1"),
]
INVALID = [
    ("CORS_ORIGINS", "https://", "isn't an origin"),
    ("CORS_ORIGINS", "https://:443", "isn't an origin"),
    ("CORS_ORIGINS", "https://Heroes.example.org", "isn't an origin"),
    ("CORS_ORIGINS", "https://heroes.example.org:443", "default port"),
    ("CSRF_TRUSTED_ORIGINS", "https://heroes.example.org:70000", "isn't an origin"),
    ("CSRF_TRUSTED_ORIGINS", "https://*.example.org", "without a wildcard"),
    ("PORT", "9" * 5000, "from 1 to 65535"),
    ("EMAIL_URL", "smtp:", "has no host"),
    ("EMAIL_URL", "submission://", "has no host"),
    ("DATABASE_URL", "sqlite://:memory:", "Processes can't share"),
    ("DATABASE_URL", "sqlite:///x%00y", "NUL"),
    ("DATABASE_URL", "sqlite://", "Processes can't share"),
    ("DATABASE_URL", "sqlite://var/x.sqlite3", "An SQLite URL has no host"),
    ("DATABASE_URL", "sqlite:///var/x.sqlite3?colour=red", "colour"),
    ("DATABASE_URL", "sqlite:///var/x.sqlite3?timeout=abc", "SQLite doesn't accept the options"),
    ("DATABASE_URL", "postgresql://me@localhost/heroes?colour=red", "colour"),
    ("WEB_CONCURRENCY", "0", "from 1 to 64"),
    ("WEB_CONCURRENCY", "many", "from 1 to 64"),
    ("TRUSTED_PROXIES", "-1", "from 0 to 10"),
    ("LIMIT_USER", "-1", "from 0 to 1000000"),
    ("WEBHOOK_PORTS", "8443, https", "“https” isn't a port."),
    ("WEBHOOK_PORTS", "0", "“0” isn't a port."),
    ("REDIS_URL", "http://redis.example.org", "redis://:password@host:6379/0"),
    ("REDIS_URL", "redis://redis.example.org:port", "redis://:password@host:6379/0"),
    ("REDIS_URL", "redis:", "redis://:password@host:6379/0"),
]
VALID = {
    "ALLOWED_HOSTS": ".example.org, 10.0.0.1, [2001:db8::1], heroes.example.org",
    "CORS_ORIGINS": "https://heroes.example.org:8443, http://[::1]",
    "EMAIL_URL": "submission://me:secret@mail.example.org:587",
    "DATABASE_URL": "sqlite:///var/x.sqlite3?timeout=5&transaction_mode=DEFERRED",
    "WEB_CONCURRENCY": "8",
    "WEBHOOK_PORTS": "8443, 9000",
}


@pytest.mark.parametrize("invalid", batches(UNSAFE))
def test_production_rejects_unsafe_values(tmp_path, invalid):
    messages = errors(tmp_path, **PRODUCTION | {name: text for name, (text,) in invalid.items()})
    assert set(messages) == set(invalid)


@pytest.mark.parametrize("invalid", batches(INVALID))
def test_invalid_values_are_rejected_at_startup(tmp_path, invalid):
    messages = errors(tmp_path, **{name: text for name, (text, _message) in invalid.items()})
    assert set(messages) == set(invalid)
    for name, (_text, message) in invalid.items():
        assert message in messages[name]


def test_valid_values_are_accepted(tmp_path):
    assert manage(tmp_path, "check", **VALID).returncode == 0


@pytest.mark.parametrize(
    ("text", "values", "invalid_lines"),
    [
        (b"PORT=8001\nHOST='::1'  # a comment\n\n# another\n", {"PORT": "8001", "HOST": "::1"}, []),
        (b"PORT=8001\nPUBLIC READ\n# a comment\nNAME='unclosed\n", {"PORT": "8001"}, [2, 4]),
        (b"\n\nPUBLIC READ\r\n\r\nDEBUG\nPORT=8001", {"PORT": "8001"}, [3, 5]),
        (b"NAME=\xff\nOTHER=a\0b\nPORT=8001\n", {"PORT": "8001"}, [1, 2]),
        (b"SECRET_KEY=a$b${PORT}\n", {"SECRET_KEY": "a$b${PORT}"}, []),
        (b"DEBUG=true\n", {}, []),
    ],
)
def test_the_env_file_is_read_literally_and_its_invalid_lines_are_reported(
    tmp_path, text, values, invalid_lines
):
    file = tmp_path / ".env"
    file.write_bytes(text)
    variables = {"DEBUG": "from the environment, which takes precedence"}
    assert read_env_file(file, variables) == invalid_lines
    assert variables == {"DEBUG": "from the environment, which takes precedence"} | values


def test_the_env_file_is_optional(tmp_path):
    assert read_env_file(tmp_path / ".env", {}) == []


def test_development_accepts_requests_at_the_address_that_it_prints(tmp_path):
    assert "'127.0.0.5'" in value_of("ALLOWED_HOSTS", tmp_path, HOST="127.0.0.5")


def test_production_passes_djangos_deployment_checks(tmp_path):
    ran = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_development_listens_on_loopback_addresses_only(tmp_path):
    assert "HEROESITE_ENV=production" in errors(tmp_path, HOST="0.0.0.0")["HOST"]
    assert value_of("HOST", tmp_path, HOST="::1") == "::1"


def test_values_are_read_literally(tmp_path):
    assert value_of("ALLOWED_HOSTS", tmp_path, ALLOWED_HOSTS=" a.example.org,b.example.org, ") == (
        "['a.example.org', 'b.example.org']"
    )
    key = "$HOME is not expanded " + "0123456789" * 4
    assert value_of("SECRET_KEY", tmp_path, SECRET_KEY=key) == key
    url = "postgresql://me:p%40ss@db.example.org:5433/heroes?sslmode=require"
    database = value_of("DATABASES['default']", tmp_path, DATABASE_URL=url)
    for part in ("'me'", "'p@ss'", "'db.example.org'", "5433", "'heroes'", "'sslmode': 'require'"):
        assert part in database


def test_every_variable_is_documented_with_its_default():
    names = set(re.findall(r'env\.\w+\("([A-Z_]+)"', (ROOT / "heroesite" / "settings.py").read_text()))
    assert len(names) > 10
    example = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    page = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "CONFIGURATION.md").read_text(), re.MULTILINE))
    assert names <= example
    assert names <= page


def test_a_generated_key_is_stored_and_a_broken_one_is_reported(tmp_path):
    file = tmp_path / "var" / "secret_key"
    parse = secret_key(file)
    assert parse("") == parse("") == file.read_text()
    assert [S_IMODE(path.stat().st_mode) for path in (file.parent, file)] == [0o700, 0o600]
    file.write_text("")
    with pytest.raises(EnvError, match="Delete the file"):
        parse("")
    (tmp_path / "file").touch()
    with pytest.raises(EnvError, match="Set SECRET_KEY yourself"):
        secret_key(tmp_path / "file" / "secret_key")("")


def test_the_last_line_of_the_env_file_and_the_environment_take_precedence(tmp_path):
    file, variables = tmp_path / ".env", {"PORT": "9"}
    file.write_text("PUBLIC_READ=true\nPORT=8001\nPUBLIC_READ=false\n")
    assert read_env_file(file, variables) == []
    assert variables == {"PORT": "9", "PUBLIC_READ": "false"}


def test_processes_that_start_together_use_one_generated_key(tmp_path):
    with ProcessPoolExecutor(8) as processes:
        keys = set(processes.map(stored_key, [tmp_path / "var" / "secret_key"] * 8))
    assert len(keys) == 1
