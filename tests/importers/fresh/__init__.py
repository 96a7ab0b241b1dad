"""Inputs written from each format's published description, by hands that had not read the readers."""
