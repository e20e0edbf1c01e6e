"""Speed, measured; each module says what it prints. The tests have no limits of time."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heroesite.settings")
os.environ["LOG_LEVEL"] = "ERROR"
django.setup()
