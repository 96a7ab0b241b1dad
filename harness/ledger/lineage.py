"""Each run names the runs before it, so that a run that was removed whole is missed."""

from harness.domain.record import Json
from harness.ledger.layout import Layout
from harness.ledger.reader import first_record, read_seal


def tips(layout: Layout) -> list[dict[str, Json]]:
    """Return the runs that no run names yet, as the next run names them: run, count and head.

    There is one, as runs are created one after the other; two where ledgers were merged. A sealed
    run is named with its final count and head, another with its first record, the only one that
    cannot change any more.
    """
    named: set[str] = set()
    firsts: dict[str, str] = {}
    for run in layout.run_ids():
        record, chain = first_record(layout, run)
        firsts[run] = chain.decode("ascii")
        named.update(link["run"] for link in record["previous"])
    return [_link(layout, run, firsts[run]) for run in sorted(firsts.keys() - named)]


def _link(layout: Layout, run: str, first_chain: str) -> dict[str, Json]:
    summary = read_seal(layout, run)
    if summary is None:
        return {"run": run, "count": 1, "head": first_chain}
    return {"run": run, "count": summary.get("count"), "head": summary.get("head")}
