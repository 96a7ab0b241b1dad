"""The pages of the rules, written from their one definition."""

from collections.abc import Iterator, Mapping

from harness.domain.lint import Example, RuleText
from harness.rules.catalogue import FAMILIES, RULES
from harness.rules.sound import POSTMORTEM

_GENERATED = "<!-- Written by scripts/rule_pages.py from harness/rules; edit the rule instead. -->"


def page(rule: RuleText) -> str:
    """Return a rule's page: what it says, why, what to do, and what makes it fire."""
    return "\n".join(_page(rule)) + "\n"


def pages() -> Mapping[str, str]:
    """Return file name -> text of all pages, with the list of them in README.md."""
    made = {f"{rule.id}.md": f"{_GENERATED}\n\n{page(rule.text)}" for rule in RULES.values()}
    return {"README.md": "\n".join(_index()) + "\n", **made}


def _page(rule: RuleText) -> Iterator[str]:
    yield f"# {rule.id} {rule.name}"
    yield ""
    weight = f"**{rule.severity}**"
    if rule.draft is not rule.severity:
        weight += f", in a draft {rule.draft}"
    yield f"{FAMILIES[rule.id[:3]]}. {weight}."
    yield ""
    yield f"> {rule.message}"
    yield ""
    yield rule.why
    yield ""
    yield f"**What to do.** {rule.fix}"
    yield ""
    yield "It fires on:"
    yield from _examples(rule.bad)
    yield ""
    yield "It is silent on:"
    yield from _examples(rule.good)


def _examples(examples: tuple[Example, ...]) -> Iterator[str]:
    for example in examples:
        name, _, part = example.file.partition("#")
        yield ""
        if not example.text:
            yield f"`{name}` does not exist."
            continue
        kind = "markdown" if part or example.text.startswith("---") else name.rpartition(".")[2]
        kind = "yaml" if kind == "md" else kind
        yield f"`{name}`:"
        yield ""
        yield f"```{kind}"
        yield example.text.rstrip("\n")
        yield "```"


def _index() -> Iterator[str]:
    yield _GENERATED
    yield ""
    yield "# Lint rules"
    yield ""
    yield "`harness lint --explain PM401` prints a rule's page. `--select` and `--ignore` take ids"
    yield "or their beginnings (`PM4`). A document explains an exception itself:"
    yield ""
    yield "```yaml"
    yield "lint_ignore: [{id: PM503, reason: the tool call was replayed, and no other layer moved}]"
    yield "```"
    for family, title in FAMILIES.items():
        yield ""
        yield f"## {family}xx {title}"
        yield ""
        yield "| rule | name | final | draft |"
        yield "|---|---|---|---|"
        for rule in RULES.values():
            if rule.id.startswith(family):
                text = rule.text
                link = f"[{text.id}]({text.id}.md)"
                yield f"| {link} | {text.name} | {text.severity} | {text.draft} |"
    yield ""
    yield "## The sound postmortem"
    yield ""
    yield "The examples of the rules are changes to this one, in which nothing is wrong."
    yield ""
    yield "```markdown"
    yield POSTMORTEM.rstrip("\n")
    yield "```"
