"""Planned trials, performed."""
