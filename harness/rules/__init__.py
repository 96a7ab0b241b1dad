"""Lint: rules over the records, texts and places of a project; pure functions, one module a family.

``view`` is what a rule may look at and ``rule`` what it is; ``catalogue`` lists all of them, and
``lint`` applies them. A rule's one definition holds its message, its reason, its remedy and the
least that makes it fire; its page is written from it by ``pages``.
"""
