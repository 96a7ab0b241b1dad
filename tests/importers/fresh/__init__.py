"""Inputs that were written from the description of each format, and not from its reader."""
