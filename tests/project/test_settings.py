"""Settings come from the environment, and every fault is told at once with its mend."""

import re

import pytest
from environs import EnvError

from heroesite import environment
from heroesite.environment import read_file
from tests.__main__ import ROOT

from .processes import PRODUCTION, manage


def value_of(setting: str, tmp_path, **settings: str) -> str:
    code = f"from django.conf import settings; print(settings.{setting})"
    ran = manage(tmp_path, "shell", "--no-imports", "-c", code, **settings)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def faults(tmp_path, **settings: str) -> dict[str, str]:
    ran = manage(tmp_path, "check", **settings)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    return dict(re.findall(r"^  (\w+): (.+)$", ran.stderr, re.MULTILINE))


def test_a_laptop_needs_no_settings(tmp_path):
    assert manage(tmp_path, "check").returncode == 0


def test_all_faults_are_listed_in_one_message(tmp_path):
    wrong = {
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
    told = faults(tmp_path, **wrong)
    assert set(told) == set(wrong)
    assert told["DEBUG"] == "“Flase” is neither true nor false."


def test_production_demands_what_a_laptop_makes_up(tmp_path):
    told = faults(tmp_path, HEROESITE_ENV="production", SECRET_KEY="", DATABASE_URL="")
    assert set(told) == {"SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS", "EMAIL_URL"}


def rounds(cases):
    """The cases, dealt out so that no variable is among those of one start twice."""
    dealt = []
    for name, *case in cases:
        free = next((one for one in dealt if name not in one), None)
        if free is None:
            dealt.append(free := {})
        free[name] = case
    return dealt


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
CANNOT_WORK = [
    ("CORS_ORIGINS", "https://", "is not an origin"),
    ("CORS_ORIGINS", "https://:443", "is not an origin"),
    ("CORS_ORIGINS", "https://Heroes.example.org", "is not an origin"),
    ("CORS_ORIGINS", "https://heroes.example.org:443", "usual port"),
    ("CSRF_TRUSTED_ORIGINS", "https://heroes.example.org:70000", "is not an origin"),
    ("CSRF_TRUSTED_ORIGINS", "https://*.example.org", "without wildcard"),
    ("PORT", "9" * 5000, "from 1 to 65535"),
    ("EMAIL_URL", "smtp:", "names no host"),
    ("EMAIL_URL", "submission://", "names no host"),
    ("DATABASE_URL", "sqlite://:memory:", "not shared by processes"),
    ("DATABASE_URL", "sqlite:///x%00y", "NUL"),
    ("DATABASE_URL", "sqlite://", "not shared by processes"),
    ("DATABASE_URL", "sqlite://var/x.sqlite3", "SQLite has no host"),
    ("DATABASE_URL", "sqlite:///var/x.sqlite3?colour=red", "colour"),
    ("DATABASE_URL", "sqlite:///var/x.sqlite3?timeout=abc", "SQLite takes no such option"),
    ("DATABASE_URL", "postgresql://me@localhost/heroes?colour=red", "colour"),
    ("WEB_CONCURRENCY", "0", "from 1 to 64"),
    ("WEB_CONCURRENCY", "many", "from 1 to 64"),
    ("TRUSTED_PROXIES", "-1", "from 0 to 10"),
    ("LIMIT_USER", "-1", "from 0 to 1000000"),
    ("WEBHOOK_PORTS", "8443, https", "is not a port number from 1 to 65535"),
    ("WEBHOOK_PORTS", "0", "is not a port number from 1 to 65535"),
    ("REDIS_URL", "http://redis.example.org", "not an address"),
    ("REDIS_URL", "redis://redis.example.org:port", "not an address"),
    ("REDIS_URL", "redis:", "not an address"),
]
CAN_WORK = {
    "ALLOWED_HOSTS": ".example.org, 10.0.0.1, [2001:db8::1], heroes.example.org",
    "CORS_ORIGINS": "https://heroes.example.org:8443, http://[::1]",
    "EMAIL_URL": "submission://me:secret@mail.example.org:587",
    "DATABASE_URL": "sqlite:///var/x.sqlite3?timeout=5&transaction_mode=DEFERRED",
    "WEB_CONCURRENCY": "8",
    "WEBHOOK_PORTS": "8443, 9000",
}


@pytest.mark.parametrize("wrong", rounds(UNSAFE))
def test_production_refuses_what_is_unsafe(tmp_path, wrong):
    told = faults(tmp_path, **PRODUCTION | {name: text for name, (text,) in wrong.items()})
    assert set(told) == set(wrong)


@pytest.mark.parametrize("wrong", rounds(CANNOT_WORK))
def test_what_cannot_work_is_refused_at_the_start(tmp_path, wrong):
    told = faults(tmp_path, **{name: text for name, (text, _words) in wrong.items()})
    assert set(told) == set(wrong)
    for name, (_text, words) in wrong.items():
        assert words in told[name]


def test_what_can_work_is_taken(tmp_path):
    assert manage(tmp_path, "check", **CAN_WORK).returncode == 0


@pytest.mark.parametrize(
    ("text", "said", "unreadable"),
    [
        (b"PORT=8001\nHOST='::1'  # a remark\n\n# another\n", {"PORT": "8001", "HOST": "::1"}, []),
        (b"PORT=8001\nPUBLIC READ\n# a remark\nNAME='unclosed\n", {"PORT": "8001"}, [2, 4]),
        (b"\n\nPUBLIC READ\r\n\r\nDEBUG\nPORT=8001", {"PORT": "8001"}, [3, 5]),
        (b"NAME=\xff\nOTHER=a\0b\nPORT=8001\n", {"PORT": "8001"}, [1, 2]),
        (b"SECRET_KEY=a$b${PORT}\n", {"SECRET_KEY": "a$b${PORT}"}, []),
        (b"DEBUG=true\n", {}, []),
    ],
)
def test_the_env_file_is_read_as_it_is_and_told_where_it_cannot(tmp_path, text, said, unreadable):
    file = tmp_path / ".env"
    file.write_bytes(text)
    variables = {"DEBUG": "of the environment, which comes first"}
    assert read_file(file, variables) == unreadable
    assert variables == {"DEBUG": "of the environment, which comes first"} | said


def test_no_env_file_is_needed(tmp_path):
    assert read_file(tmp_path / ".env", {}) == []


def test_a_laptop_answers_at_the_address_that_it_prints(tmp_path):
    assert "'127.0.0.5'" in value_of("ALLOWED_HOSTS", tmp_path, HOST="127.0.0.5")


def test_production_passes_djangos_deployment_checks(tmp_path):
    ran = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_laptop_listens_to_itself_only(tmp_path):
    assert "HEROESITE_ENV=production" in faults(tmp_path, HOST="0.0.0.0")["HOST"]
    assert value_of("HOST", tmp_path, HOST="::1") == "::1"


def test_values_are_read_as_they_are(tmp_path):
    assert value_of("ALLOWED_HOSTS", tmp_path, ALLOWED_HOSTS=" a.example.org,b.example.org, ") == (
        "['a.example.org', 'b.example.org']"
    )
    key = "$HOME is no reference " + "0123456789" * 4
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


def test_a_kept_key_that_is_broken_is_told(tmp_path):
    kept = tmp_path / "var" / "secret_key"
    check = environment.secret(kept)
    assert check("") == check("") == kept.read_text()
    kept.write_text("")
    with pytest.raises(EnvError, match="delete the file"):
        check("")
    (tmp_path / "file").touch()
    with pytest.raises(EnvError, match="set it yourself"):
        environment.secret(tmp_path / "file" / "secret_key")("")


def test_of_two_lines_of_the_env_file_the_last_is_meant_and_the_environment_comes_first(tmp_path):
    file, variables = tmp_path / ".env", {"PORT": "9"}
    file.write_text("PUBLIC_READ=true\nPORT=8001\nPUBLIC_READ=false\n")
    assert read_file(file, variables) == []
    assert variables == {"PORT": "9", "PUBLIC_READ": "false"}
