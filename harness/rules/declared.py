"""PM00x: what must be declared at all."""

from collections.abc import Iterator

from harness.errors import Place
from harness.rules.agents import names_an_agent
from harness.rules.passages import sections
from harness.rules.rule import Hit, alone, hit, in_postmortem, rule
from harness.rules.view import PostmortemDocument, View

_HUMAN_KEYS = ("trigger", "contributing_factors", "detection", "impact")
_HUMAN_SECTIONS = ("summary", "timeline", "what went well", "where we got lucky")


@rule(
    "PM001",
    "agent-not-declared",
    message="the text names an agent ({words}), and agent_involved is not set",
    why="""Whether an agent's inference or action contributed is the first thing that a reader of
    many postmortems asks. Where the key is left open, the incident counts as one without an agent,
    and the rows for its inference are never asked for.""",
    fix="Write agent_involved: true and its rows, or agent_involved: false.",
    bad=(in_postmortem("agent_involved:\nagent:\n"),),
    good=alone(
        """\
---
id: INC-1
title: Listings were down for an hour
date: 2026-03-04
status: final
trigger: A release refused the user agent of one browser.
contributing_factors: [nobody tests with that browser, the refusal is not counted anywhere]
detection: A real-estate agent called after an hour.
impact: The houses of one agency could not be listed for two hours.
---
## Summary
The real-estate agent could not list houses, because the user agent of the browser was refused.

## Timeline
- 09:10 the release; 10:14 the agent called

## What went well
The release was taken back in two minutes.

## Where we got lucky
Few people use that browser.
"""
    ),
)
def agent_not_declared(postmortem: PostmortemDocument, _view: View) -> Iterator[Hit]:
    """Find postmortems that speak of an agent and do not say whether one was involved."""
    value = postmortem.value
    if value.agent_involved is not None:
        return
    if value.agent is not None and value.agent.inferences:
        yield hit(postmortem.place("agent"), words="its rows are filled")
        return
    for passage, offset, words in names_an_agent(postmortem):
        yield hit(passage.place(offset), words=words)
        return


@rule(
    "PM002",
    "agent-denied",
    message="agent_involved is false, and {what}",
    why="""A postmortem that fills the agent's rows or gives the agent a share, and says that no
    agent was involved, is counted among the incidents without one.""",
    fix="Write agent_involved: true, or take the rows and the share away.",
    bad=(in_postmortem("agent_involved: false\n"),),
    good=(in_postmortem("agent_involved: true\n"),),
)
def agent_denied(postmortem: PostmortemDocument, _view: View) -> Iterator[Hit]:
    """Find postmortems that deny an agent whose rows they fill."""
    value = postmortem.value
    if value.agent_involved is not False:
        return
    if value.agent is not None and value.agent.inferences:
        yield hit(postmortem.place("agent_involved"), what="the rows of the agent are filled")
    elif value.attribution is not None and value.attribution.agent.share > 0:
        share = f"{value.attribution.agent.share:g}"
        yield hit(postmortem.place("agent_involved"), what=f"the agent's share is {share}")


@rule(
    "PM003",
    "failure-class-missing",
    message="failure_class is missing",
    why="""The quarterly review follows the recurrence of a class of failures over incidents. An
    incident without a class recurs in nobody's figures.""",
    fix="Name the class by what goes wrong, such as ops.queue-recovery, and reuse it.",
    bad=(in_postmortem("failure_class:\n"),),
    good=(in_postmortem("failure_class: ops.queue-recovery\n"),),
)
def failure_class_missing(postmortem: PostmortemDocument, _view: View) -> Iterator[Hit]:
    """Find incidents with an agent that belong to no class."""
    value = postmortem.value
    if value.agent_involved and value.failure_class is None:
        yield hit(postmortem.place("failure_class"))


@rule(
    "PM004",
    "human-row-missing",
    message="{row} is missing",
    why="""The classic rows stay: what set the incident off, what else had to be so, how it was
    noticed, whom it hit, what went well, and where luck helped. Without them nobody outside the
    team can judge the shares or find the incident again.""",
    fix="Write it, or say in a word why there is nothing to say.",
    bad=(in_postmortem("trigger:\n"),),
    good=(in_postmortem("trigger: The upstream producer stopped publishing.\n"),),
)
def human_row_missing(postmortem: PostmortemDocument, _view: View) -> Iterator[Hit]:
    """Find rows of the classic template that are empty."""
    value = postmortem.value
    for key in _HUMAN_KEYS:
        held = getattr(value, key)
        if not held or (isinstance(held, str) and not held.strip()):
            yield hit(postmortem.place(key), row=key)
    written = sections(postmortem)
    for heading in _HUMAN_SECTIONS:
        line, text = written.get(heading, (postmortem.body_line, ""))
        if not text:
            place = Place(postmortem.place().path, line, 1)
            yield hit(place, row=f"the section ## {heading.capitalize()}")
