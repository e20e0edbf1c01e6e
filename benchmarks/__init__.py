"""Measurements of speed; each module describes what it prints. The tests set no time limits."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heroesite.settings")
os.environ["LOG_LEVEL"] = "ERROR"
django.setup()
