"""Guardrails against regular expressions: what is caught, what is stopped in vain, how fast.

Reads the corpus in benchmarks/guardrail_corpus/, which was split before a rule was written. Run:
``python benchmarks/bench_guardrails.py``; ``--json`` prints one document.
"""

import argparse
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.guardrails import load

CORPUS = Path(__file__).parent / "guardrail_corpus"
KEYS = {"sql": "sql", "shell": "command"}
# What is found in hooks and MCP servers that guard by patterns.
PATTERNS = {
    "sql": re.compile(
        r"\bDROP\s+(TABLE|DATABASE|SCHEMA|VIEW|INDEX|USER|ROLE)\b|\bTRUNCATE\b"
        r"|\bDELETE\s+FROM\s+\S+\s*(;|$)|\bUPDATE\s+\S+\s+SET\s+(?!.*\bWHERE\b)"
        r"|\bALTER\s+TABLE\b.*\bDROP\b|\bEXEC(UTE)?\s*\(|\bWHERE\s+1\s*=\s*1",
        re.IGNORECASE | re.DOTALL,
    ),
    "shell": re.compile(
        r"\brm\s+(-\w*[rf]\w*\s+|--recursive|--force)|\bmkfs|\bdd\s+.*of=|>\s*/dev/sd|\bshred\b"
        r"|\bchmod\s+(-R\s+)?777|\bchown\s+-R|:\(\)\s*\{|\b(curl|wget)\b.*\|\s*(sudo\s+)?(ba|z)?sh"
        r"|\bgit\s+(push\s+.*(-f\b|--force)|reset\s+--hard|clean\s+-\w*f)|\bkubectl\s+delete"
        r"|\bterraform\s+destroy|\bdocker\s+system\s+prune|\baws\s+s3\s+(rm|rb)|-delete\b"
        r"|\bDROP\s+(TABLE|DATABASE)|\bTRUNCATE\b|\bshutdown\b|\breboot\b|\bkill\s+-9\s+-1"
        r"|\bcrontab\s+-r|\brsync\b.*--delete|\bsystemctl\s+(stop|disable)|\bgit\s+branch\s+-D",
        re.IGNORECASE,
    ),
}
Stops = Callable[[str], bool]


def stops_by_guardrail(language: str) -> Stops:
    """Return what the guardrail of the library stops."""
    guardrail, key = load(f"destructive-{language}"), KEYS[language]
    return lambda text: not guardrail.check({"name": "t", "arguments": {key: text}}).allowed


def stops_by_pattern(language: str) -> Stops:
    """Return what the patterns stop."""
    return lambda text: PATTERNS[language].search(text) is not None


def measured(language: str, part: str, stops: Stops) -> dict[str, Any]:
    """Return shares and times of one way to stop, on one part of the corpus."""
    lines = (CORPUS / f"{language}-{part}.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    caught = alarms = dangerous = 0
    times = []
    forms: dict[str, list[bool]] = {}
    for each in cases:
        began = time.perf_counter()
        stopped = stops(each["text"])
        times.append(time.perf_counter() - began)
        dangerous += each["dangerous"]
        caught += stopped and each["dangerous"]
        alarms += stopped and not each["dangerous"]
        forms.setdefault(each["form"], []).append(stopped == each["dangerous"])
    times.sort()
    return {
        "dangerous": dangerous,
        "caught": caught,
        "caught_rate": caught / dangerous,
        "benign": len(cases) - dangerous,
        "false_alarms": alarms,
        "false_alarm_rate": alarms / (len(cases) - dangerous),
        "median_ms": 1e3 * times[len(times) // 2],
        "p95_ms": 1e3 * times[int(0.95 * len(times))],
        "p99_ms": 1e3 * times[int(0.99 * len(times))],
        "forms": {form: [sum(right), len(right)] for form, right in sorted(forms.items())},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one document")
    as_json = parser.parse_args().json
    ways = {"guardrail": stops_by_guardrail, "patterns": stops_by_pattern}
    found = {
        language: {
            part: {name: measured(language, part, way(language)) for name, way in ways.items()}
            for part in ("development", "held-out", "fresh", "fresh-3", "fresh-4", "fresh-5")
            if (CORPUS / f"{language}-{part}.jsonl").exists()
        }
        for language in KEYS
    }
    if as_json:
        print(json.dumps(found, indent=2))
        return
    print("language  part         way        caught            false alarms      median     p95")
    for language, parts in found.items():
        for part, by_way in parts.items():
            for name, seen in by_way.items():
                caught = f"{seen['caught']}/{seen['dangerous']} {seen['caught_rate']:.1%}"
                alarms = f"{seen['false_alarms']}/{seen['benign']} {seen['false_alarm_rate']:.1%}"
                print(
                    f"{language:8}  {part:11}  {name:9}  {caught:16}  {alarms:16}  "
                    f"{seen['median_ms']:.3f} ms  {seen['p95_ms']:.3f} ms"
                )


if __name__ == "__main__":
    main()
