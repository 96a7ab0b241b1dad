"""The command line: options in, text and exit codes out; nothing else of the harness uses click."""

from harness.cli.main import main

__all__ = ["main"]
