"""PM000 and PM01x: files that can be read, and references that meet."""

from collections.abc import Iterator
from typing import Any

from harness.domain.case import Case
from harness.domain.item import ActionItem, EscalationItem, GuardrailItem
from harness.domain.lint import UNREADABLE, Example
from harness.rules.rule import ERROR, WARNING, Hit, hit, in_item, in_postmortem, rule
from harness.rules.view import Document, EvalDocument, PostmortemDocument, View


@rule(
    UNREADABLE,
    "unreadable",
    message="{what}",
    why="""A file that cannot be read, or that contradicts another one, leaves lint without anything
    to judge: two postmortems that claim one action item, or an item that is listed under one
    incident and names another, would be counted twice or not at all. ``harness lint`` exits with
    2, and this rule can be neither selected away nor ignored.""",
    fix="Mend the file as the message says.",
    draft=ERROR,
    bad=(in_item("incident: INC-2\n"),),
    good=(in_item("incident: INC-1\n"),),
)
def unreadable(postmortem: PostmortemDocument, view: View) -> Iterator[Hit]:
    """Find items that are listed here and belong elsewhere: references that go in a circle."""
    value = postmortem.value
    for index, name in enumerate(value.action_items):
        place = postmortem.place("action_items", index)
        item = view.items.get(name)
        if item is not None and item.value.incident != value.id:
            what = f"action_items[{index}]: {name} belongs to another incident, "
            what += f"got {item.value.incident} in {item.place('incident')}"
            yield hit(place, what=what, fix=f"list it there, or write {value.id}")
        for other in view.postmortems.values():
            if other is None or other.value.id == value.id or name not in other.value.action_items:
                continue
            at = other.place("action_items", other.value.action_items.index(name))
            what = f"action_items[{index}]: {name} is listed by two postmortems, the other in {at}"
            yield hit(place, what=what, fix="keep one of the two")


@rule(
    "PM010",
    "incident-unknown",
    message="no postmortem of the incident {incident}",
    why="""An action item is a promise made in a postmortem, and a case is a situation out of one.
    Without the postmortem nobody can tell what the promise was for, or what the case should
    show.""",
    fix="Write it: harness new postmortem, or name the incident as its file is named.",
    on=("item", "case"),
    bad=(in_item("id: ITEM-1\nincident: INC-7\n"), in_postmortem("action_items: [ITEM-2]\n")),
    good=(in_item("incident: INC-1\n"),),
)
def incident_unknown(document: Document[ActionItem] | Document[Case], view: View) -> Iterator[Hit]:
    """Find items and cases of incidents that have no postmortem."""
    if document.value.incident not in view.postmortems:
        yield hit(document.place("incident"), incident=document.value.incident)


@rule(
    "PM011",
    "item-not-listed",
    message="the postmortem {incident} does not list this item",
    why="""Who reads the postmortem must find every promise that came of it.""",
    fix="Add it to action_items of the postmortem.",
    on=("item",),
    bad=(in_postmortem("action_items: [ITEM-1]\n"),),
    good=(in_postmortem("action_items: [ITEM-1, ITEM-2]\n"),),
)
def item_not_listed(item: Document[ActionItem], view: View) -> Iterator[Hit]:
    """Find items that name an incident whose postmortem does not name them."""
    found = view.postmortems.get(item.value.incident)
    if found is not None and item.value.id not in found.value.action_items:
        yield hit(item.place("incident"), incident=item.value.incident)


@rule(
    "PM012",
    "item-unknown",
    message="no action item {item}",
    why="""An item that is listed and not written down has no owner, no target and no eval, so that
    nothing will ever close it.""",
    fix="Write it: harness new item, or take the name away.",
    bad=(in_postmortem("action_items: [ITEM-1, ITEM-2, ITEM-3]\n"),),
    good=(in_postmortem("action_items: [ITEM-1, ITEM-2]\n"),),
)
def item_unknown(postmortem: PostmortemDocument, view: View) -> Iterator[Hit]:
    """Find listed items that have no file."""
    for index, name in enumerate(postmortem.value.action_items):
        if name not in view.items:
            yield hit(postmortem.place("action_items", index), item=name)


@rule(
    "PM013",
    "eval-unknown",
    message="no eval {eval}",
    why="""The eval is what decides the item. While there is none, the item cannot be checked.""",
    fix="Write it with its first case: harness new case, or name one that exists.",
    on=("item",),
    bad=(in_item("eval: queue-stalls\n"),),
    good=(in_item("eval: queue-stall\n"),),
)
def eval_unknown(item: Document[ActionItem], view: View) -> Iterator[Hit]:
    """Find items whose eval does not exist."""
    value = item.value
    if not isinstance(value, EscalationItem) and value.eval not in view.evals:
        yield hit(item.place("eval"), eval=value.eval)


@rule(
    "PM014",
    "covered-case-unknown",
    message="the eval {eval} has no case {case}",
    why="""``covers`` names the cases that the incident added. Nothing closes while the eval lacks
    one of them.""",
    fix="Write the case: harness new case, or name one that exists.",
    on=("item",),
    bad=(in_item("covers: [producer-silent, producer-slow]\n"),),
    good=(in_item("covers: [producer-silent]\n"),),
)
def covered_case_unknown(item: Document[ActionItem], view: View) -> Iterator[Hit]:
    """Find names under covers that the eval does not replay."""
    value: Any = item.value
    found = None if isinstance(value, EscalationItem) else view.evals.get(value.eval)
    if found is None:
        return
    for index, name in enumerate(value.covers or ()):
        if name not in found.cases:
            yield hit(item.place("covers", index), eval=value.eval, case=name)


@rule(
    "PM015",
    "guardrail-unknown",
    message="no guardrail file {file}",
    why="""The item promises that this file stops a call. While there is none, nothing is stopped,
    and the item cannot be checked.""",
    fix="Write it: docs/how-to/write-a-guardrail.md says how, or name one that exists.",
    on=("item",),
    bad=(
        in_item(
            "kind: guardrail\nguardrail: guardrails/no-recoveries.yaml\n"
            "target: {failure_rate: 0.05, false_alarm_rate: 0.1}\n"
        ),
    ),
    good=(
        in_item(
            "kind: guardrail\nguardrail: guardrails/no-recovery.yaml\n"
            "target: {failure_rate: 0.05, false_alarm_rate: 0.1}\n"
        ),
        Example(
            "guardrails/no-recovery.yaml",
            "id: no-recovery\nblock:\n  - id: recovery\n    why: orders in flight would be lost\n"
            "    decisions: [run_deadlock_recovery]\n",
        ),
    ),
)
def guardrail_unknown(item: Document[ActionItem], view: View) -> Iterator[Hit]:
    """Find items whose guardrail's file does not exist."""
    value = item.value
    if isinstance(value, GuardrailItem) and value.guardrail not in view.guardrails:
        yield hit(item.place("guardrail"), file=value.guardrail)


@rule(
    "PM016",
    "judge-unmeasured",
    message="{failures} labelled failures in {file}, fewer than the {needed} that a decision takes",
    why="""A model grades this eval, and a model misses failures. How many, only transcripts show
    that people have labelled; while they are too few, no item on this eval closes, whatever is
    replayed.""",
    fix="Label more failures: docs/how-to/grade-with-a-judge.md says how.",
    severity=WARNING,
    on=("eval",),
    bad=(
        Example(
            "cases/queue-stall/eval.yaml",
            "grader:\n  name: judge\n  options:\n    model: local\n"
            "    rubric: Fails when the agent runs the recovery.\n"
            "    calibration: labels.jsonl\n",
        ),
        Example(
            "cases/queue-stall/labels.jsonl",
            '{"case": "producer-silent", "outcome": "fail", "transcript": '
            '[{"role": "assistant", "content": "I run the recovery."}]}\n',
        ),
    ),
    good=(Example("cases/queue-stall/eval.yaml", "grader: decision\n"),),
)
def judge_unmeasured(evaluation: EvalDocument, view: View) -> Iterator[Hit]:
    """Find evals whose judge people have not shown enough failures."""
    found = view.labelled.get(evaluation.value.id)
    if found is not None and found.failures < found.needed:
        yield hit(
            evaluation.place("grader", "options", "calibration"),
            failures=str(found.failures),
            file=found.file,
            needed=str(found.needed),
        )
