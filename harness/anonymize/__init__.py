"""Making an incident's documents safe to publish, and showing that they are.

``Anonymizer`` replaces what identifies somebody or opens something by keyed surrogates in reserved
space; ``verify`` and ``scan`` look for what is left. Nothing here knows files or the command line.
"""

from harness.anonymize.anonymizer import VERSION, Anonymizer, Report
from harness.anonymize.roster import Roster
from harness.anonymize.spans import Detector, Span
from harness.anonymize.verify import Finding, scan, settled, verify

__all__ = [
    "VERSION", "Anonymizer", "Detector", "Finding", "Report", "Roster", "Span", "scan", "settled",
    "verify",
]  # fmt: skip
