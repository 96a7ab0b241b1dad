"""PM105 and PM106: an action where a belief is asked, and a prompt tweak as the change."""

import re
from collections.abc import Iterator

from harness.rules.prompts import prompt_tweak
from harness.rules.rows import inferences, rows
from harness.rules.rule import ERROR, Hit, hit, in_postmortem, rule
from harness.rules.view import PostmortemDocument, View
from harness.rules.wording import starts_with_action

_ACTIONS_TEXT = (
    "restart stop start page call ask tell notify alert escalate roll scale shut turn check verify "
    "confirm inspect look wait use run rerun retry add remove delete drop revert deploy apply fix "
    "update write read open close send return return-only report request require review test "
    "validate block refuse quote suggest propose move copy restore back disable enable do don't "
    "never always"
)
_ACTIONS = frozenset(_ACTIONS_TEXT.split())
_SHOULD_HAVE_ACTED = re.compile(
    r"\b(?:it|they|we|he|she|agent|model|assistant|bot|engineer|operator|reviewer|on-call)\s+"
    r"(?:should|must|ought to|needed to|had to)(?:\s+not)?(?:\s+have)?(?:\s+(?:first|simply|just))?"
    r"\s+(?:restart|stop|page|call|ask|tell|told|notif|alert|escalat|roll|scal|check|verif|confirm|"
    r"inspect|look|wait|use|run|retr|revert|deploy|read|report|request|refus|quot)\w*",
    re.IGNORECASE,
)
_BELIEF_ROWS = ("correct_inference", "missed_signal")
_ROW = (
    "agent:\n  harmful_message: 6\n  inferences:\n"
    "    - inferred: the queue is stuck because the consumers are deadlocked\n"
    "      trace: {{file: traces/INC-1.json, message: 4}}\n"
    "      inference_correct: false\n"
    "      correct_inference: {correct}\n"
    "      missed_signal: producer_heartbeat of queue_diagnostics\n"
    "      signal_in_context: false\n"
    "      change: {{layer: {layer}, what: {what}}}\n"
)
_PAYLOAD = "add the producer heartbeat to the payload of queue_diagnostics"
_STOPPED = "the upstream producer had stopped publishing"


@rule(
    "PM105",
    "action-not-belief",
    message="{key} tells what to do ({words}), and is asked what was so",
    why="""The row asks what the agent should have believed, because a belief can be put to the
    test on other cases. \"Should have asked\" is true of every incident and corrects none.""",
    fix="Write the state of the world that the agent should have inferred, or the fact it missed.",
    bad=(in_postmortem(_ROW.format(correct="restart the producer", layer="tool", what=_PAYLOAD)),),
    good=(
        in_postmortem(
            _ROW.format(correct="restart loops of the producer", layer="tool", what=_PAYLOAD)
        ),
    ),
)
def action_not_belief(postmortem: PostmortemDocument, _view: View) -> Iterator[Hit]:
    """Find commands and reproaches in the rows that ask for beliefs and facts."""
    for index, inference in inferences(postmortem):
        for row in rows(postmortem, index, inference):
            if row.key not in _BELIEF_ROWS or not row.text:
                continue
            verb = starts_with_action(row.text, _ACTIONS)
            found = _SHOULD_HAVE_ACTED.search(row.text)
            if verb or found:
                shown = verb if verb or found is None else found.group()
                yield hit(row.place, key=row.key, words=shown)


@rule(
    "PM106",
    "prompt-tweak",
    message="the change is a tweak of the prompt ({words})",
    why="""Another sentence in the prompt leaves the agent where it was, without the signal that it
    missed. It is the remedy that costs nothing and is tried again after the next incident. A change
    that produces the correct inference puts the signal into a tool's payload or into what the
    agent is given to read.""",
    fix="""Say which tool returns which field, or which text reaches the agent when; where an
    instruction is what changes, measure it as a variant of the case.""",
    draft=ERROR,
    bad=(
        in_postmortem(
            _ROW.format(
                correct=_STOPPED, layer="context", what="improve the prompt so that it is careful"
            )
        ),
    ),
    good=(
        in_postmortem(
            _ROW.format(
                correct=_STOPPED,
                layer="tool",
                what="the approval prompt of the tool shows the age of the producer heartbeat",
            )
        ),
    ),
)
def prompt_tweak_as_change(postmortem: PostmortemDocument, _view: View) -> Iterator[Hit]:
    """Find changes that only reword what the agent is told."""
    for index, inference in inferences(postmortem):
        if inference.change is None:
            continue
        found = prompt_tweak(inference.change.what)
        if found:
            place = postmortem.place("agent", "inferences", index, "change", "what")
            yield hit(place, words=found)
