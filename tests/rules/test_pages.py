import importlib.util
from pathlib import Path

from harness.rules.catalogue import RULES
from harness.rules.pages import page, pages

ROOT = Path(__file__).parents[2]


def test_the_pages_in_the_repository_are_current() -> None:
    """A rule's page says what the rule says; run scripts/rule_pages.py after a change."""
    spec = importlib.util.spec_from_file_location("rule_pages", ROOT / "scripts/rule_pages.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for path, text in script.made().items():
        assert path.read_text(encoding="utf-8") == text, path
    held = {path.name for path in (ROOT / "docs/rules").glob("*.md")}
    assert held == {"README.md", *(f"{rule_id}.md" for rule_id in RULES)}


def test_a_page_shows_what_fires_and_what_does_not() -> None:
    """Message, reason, remedy and both examples stand on the page."""
    text = RULES["PM202"].text
    shown = page(text)
    for part in (text.message, text.why, text.fix, text.bad[0].text, text.good[0].text.rstrip()):
        assert part.strip() in shown
    assert shown.startswith("# PM202 human-error\n")


def test_the_list_links_every_rule() -> None:
    """The list of rules is the list of their pages."""
    listed = pages()["README.md"]
    assert all(f"[{rule_id}]({rule_id}.md)" in listed for rule_id in RULES)
