.POSIX:
PORT ?=
PYTHON = python3
BIN = .venv/bin

run: .venv/.run
	@$(BIN)/python manage.py serve

