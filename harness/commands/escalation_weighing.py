"""Escalation items: their events are read and counted, and say what they say at this moment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.commands.context import Context
from harness.decide import escalation, field
from harness.decide.evidence import Evidence
from harness.domain.decision import Decision
from harness.domain.escalation import Counted, Decided, FieldEpoch, FieldRules
from harness.domain.field_event import AGENT_ONLY
from harness.domain.item import EscalationItem
from harness.domain.project import Defaults
from harness.errors import InputError
from harness.files.events import LoadedEvents, events_path, load_events
from harness.files.items import load_item
from harness.files.names import closest
from harness.files.project import LoadedProject


@dataclass(frozen=True, slots=True)
class FieldSubject:
    """An escalation item with its events."""

    item: EscalationItem
    rules: FieldRules
    events: LoadedEvents

    def of_class(self) -> list[Decided]:
        """Return the decisions of the item's class, future ones included, in order."""
        return [
            Decided(each.event.id, each.event.incident, each.time,
                    each.event.decision == AGENT_ONLY)
            for each in self.events.events
            if each.event.class_ == self.rules.class_
        ]  # fmt: skip


def subjects(project: LoadedProject, names: Sequence[str]) -> list[FieldSubject]:
    """Return the escalation items; all problems of all their files are raised together."""
    found: list[FieldSubject] = []
    problems = []
    for name in names:
        try:
            found.append(subject(project, name))
        except InputError as error:
            problems += [p for p in error.problems if p not in problems]
    if problems:
        raise InputError(*problems)
    return found


def subject(project: LoadedProject, name: str) -> FieldSubject:
    """Return one escalation item with its events; InputError with all that is wrong."""
    loaded = load_item(project, name)
    item = loaded.value
    if not isinstance(item, EscalationItem):
        fix = "name an item of kind escalation"
        raise InputError(loaded.problem(("kind",), "has no field events", item.kind, fix))
    path = events_path(project.root, item.events, loaded.place("events"))
    return FieldSubject(item, rules(item, project.config.defaults), load_events(path))


def rules(item: EscalationItem, defaults: Defaults) -> FieldRules:
    """Return the rules by which an item is decided."""
    return FieldRules(
        class_=item.class_,
        rate=item.target.rate,
        after_incidents=item.target.after_incidents,
        alpha=item.target.alpha or defaults.alpha,
        error_scope=defaults.error_scope,
        since=item.since,
        events=item.events,
    )


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the events of an item say at this moment."""

    subject: FieldSubject
    epoch: FieldEpoch
    past: tuple[Decided, ...]
    """The events of the class up to this moment: what the decision stands on."""
    counted: Counted
    decision: Decision


def weigh(context: Context, subject: FieldSubject, evidence: Evidence) -> Weighed:
    """Count and decide; an event that lies in the future waits for its time."""
    now = context.now()
    past = tuple(event for event in subject.of_class() if event.time <= now)
    epoch = field.current(evidence.decided.get(subject.item.id, []), subject.rules)
    counted = field.count(past, subject.rules, epoch)
    decision = escalation.decide(subject.item.id, subject.rules, epoch, counted)
    if not subject.events.exists:
        reason = f"no events yet: {subject.rules.events} is not there"
        decision = replace(decision, reasons=(reason,))
    decision = replace(decision, warnings=tuple(_warnings(subject, past, counted)))
    return Weighed(subject, epoch, past, counted, decision)


def _warnings(subject: FieldSubject, past: Sequence[Decided], counted: Counted) -> list[str]:
    events, wanted = subject.events, subject.rules.class_
    found = []
    if events.duplicates:
        found.append(f"{events.duplicates} lines say an event again, word for word; it counts once")
    if events.out_of_order:
        found.append(
            f"{events.out_of_order} lines are earlier than the line above; "
            "events are taken in the order of their times"
        )
    late = len(subject.of_class()) - len(past)
    if late:
        found.append(f"{late} events lie in the future; they count once their time has come")
    if counted.looked_at:
        found.append(
            f"{counted.looked_at} incidents do not count: an earlier epoch of this item, "
            "with another target or policy change, looked at them"
        )
    names = {each.event.class_ for each in events.events}
    if names and wanted not in names:
        near = closest(wanted, names)
        hint = f", did you mean {near}?" if near else ""
        found.append(f"no event is of class {wanted}{hint}")
    return found + _policies(subject, counted)


def _policies(subject: FieldSubject, counted: Counted) -> list[str]:
    """Return a warning when the incidents that count were decided under several policies."""
    names = {one.name for one in counted.incidents}
    named: dict[str, str] = {}
    for each in subject.events.events:
        if each.event.incident in names and each.event.policy is not None:
            named.setdefault(each.event.policy, each.event.time)
    if len(named) < 2:  # noqa: PLR2004 - one policy is none too many
        return []
    last = list(named)[-1]
    fix = f"if {last} is the change, write since: {named[last]}"
    return [f"the incidents fall under {len(named)} policies; {fix}"]
