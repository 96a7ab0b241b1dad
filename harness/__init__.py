"""An eval-regression harness tied to postmortem action items."""

__version__ = "0.1.0"
