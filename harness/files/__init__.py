"""The user's files as records: read strictly, checked whole, and every problem with its place.

``project``, ``items`` and ``evals`` are what commands call; ``records`` reads any one file,
``strict_yaml`` stands below it, and ``schema`` exports what editors check against.
"""
