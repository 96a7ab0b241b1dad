"""The cases of an incident, in every combination of the layers that all of them can repair."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from harness.commands.drafts import draft_problems, refuse_drafts
from harness.commands.questions import checks
from harness.commands.sides import LoadedSide, judged, side_of_eval
from harness.decide.attribution import combination
from harness.domain.case import LAYERS, Case, Edit, Layer
from harness.domain.postmortem import Postmortem
from harness.errors import InputError, NotEvaluableError, Place, Problem
from harness.files.evals import eval_ids, load_eval
from harness.files.postmortems import FOLDER, load_postmortem, postmortem_files
from harness.files.project import LoadedProject, model_config
from harness.plan.variants import apply, resolve, variant_of
from harness.plugins import near


@dataclass(frozen=True, slots=True)
class Situation:
    """What can be replayed of an incident."""

    cases: tuple[tuple[str, str], ...]
    """(eval, case), in order."""
    evals: Mapping[str, LoadedSide]
    layers: tuple[Layer, ...]
    lacking: Mapping[str, tuple[str, ...]]
    author: Mapping[str, float]
    agent: str
    agent_model: str | None


def situations(project: LoadedProject, incident: str) -> Situation:
    """Return the incident's cases with all their combinations.

    InputError for an unknown incident or one without cases; NotEvaluableError where no layer can be
    repaired in all of them.
    """
    postmortem = postmortem_of(project, incident)
    by_eval = _cases(project, incident)
    found = [(name, case) for name, cases in by_eval.items() for case in cases]
    if not found:
        fix = f"write one with incident: {incident} and variants"
        place = Place(str(project.evals))
        raise InputError(Problem(place, "", "no case comes from this incident", incident, fix))
    agent = project.config.attribution
    if agent.agent_model is not None:
        model_config(project, agent.agent_model)
    other_agent = agent.agent_model is not None or agent.agent_policy is not None
    lacking = {
        layer: tuple(f"{name}/{case.id}" for name, case in found if not _repairs(case, layer))
        for layer in LAYERS
        if not (layer == "agent" and other_agent)
    }
    layers = tuple(layer for layer in LAYERS if not lacking.get(layer))
    if not layers:
        raise NotEvaluableError(
            f"{incident}: no layer can be repaired in all of its cases, so nothing can be "
            "attributed: give the cases variants"
        )
    evals = {
        name: side_of_eval(
            project,
            name,
            {
                (case.id, combination(some)): _repaired(project, case, some)
                for case in cases
                for count in range(len(layers) + 1)
                for some in itertools.combinations(layers, count)
            },
        )[1]
        for name, cases in by_eval.items()
    }
    if reasons := [why for side in evals.values() if (why := judged(side))]:
        raise NotEvaluableError(*reasons)
    return Situation(
        cases=tuple((name, case.id) for name, case in found),
        evals=evals,
        layers=layers,
        lacking={layer: cases for layer, cases in lacking.items() if cases},
        author=_author(postmortem),
        agent=_agent_words(project),
        agent_model=agent.agent_model,
    )


def _repairs(case: Case, layer: Layer) -> bool:
    edits: tuple[Edit, ...] = getattr(case.variants, layer)
    return bool(edits)


def _repaired(project: LoadedProject, case: Case, layers: tuple[Layer, ...]) -> Case:
    """Return the case with layers repaired; the agent as harness.yaml says, where it says so."""
    agent = project.config.attribution
    others = [layer for layer in layers if layer != "agent"]
    if "agent" not in layers or (agent.agent_model is None and agent.agent_policy is None):
        return resolve(case, variant_of(layers))
    if agent.agent_policy is None:
        return resolve(case, variant_of(others))
    # Before the others, as the cases' own edits of the agent are.
    return resolve(apply(case, [Edit(system_append=agent.agent_policy)]), variant_of(others))


def _cases(project: LoadedProject, incident: str) -> dict[str, list[Case]]:
    """Return the incident's cases by the eval that they are written in, which repairs nothing."""
    found: dict[str, list[Case]] = {}
    for name in eval_ids(project):
        loaded = load_eval(project, name, checks())
        if loaded.value.cases_from is not None or loaded.value.repair:
            continue
        mine = [case.value for case in loaded.cases if case.value.incident == incident]
        if mine:
            refuse_drafts(draft_problems(loaded))
            found[name] = mine
    return found


def postmortem_of(project: LoadedProject, incident: str) -> Postmortem:
    """Return an incident's postmortem; InputError when there is none, or it cannot be read."""
    paths = {path.stem: path for path in postmortem_files(project.root)[0]}
    if incident not in paths:
        place = Place(str(project.root / FOLDER))
        fix = near(incident, sorted(paths)) if paths else ""
        raise InputError(Problem(place, "", "no such postmortem", incident, fix))
    return load_postmortem(project.root, paths[incident]).value


def _author(postmortem: Postmortem) -> dict[str, float]:
    shares = postmortem.attribution
    return {} if shares is None else {layer: getattr(shares, layer).share for layer in LAYERS}


def _agent_words(project: LoadedProject) -> str:
    agent = project.config.attribution
    words = [f"the model {agent.agent_model}"] if agent.agent_model else []
    words += ["the policy of harness.yaml"] if agent.agent_policy else []
    return " with ".join(words)
