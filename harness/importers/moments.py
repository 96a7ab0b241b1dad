"""Points in time, however a source writes them."""

import datetime as dt

from harness.domain.record import Json

_NANO, _MICRO, _MILLI = 1e17, 1e14, 1e11


def seconds(value: Json) -> float | None:
    """Return a point in time as seconds since 1970: ISO 8601, or a number of any usual unit."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        if value.isascii() and value.isdigit() and len(value) < 25:  # noqa: PLR2004 - nanoseconds
            value = int(value)
        else:
            return _iso(value)
    if not isinstance(value, int | float) or not 0 < value < 1e19:  # noqa: PLR2004 - year 2286
        return None
    for least, unit in ((_NANO, 1e9), (_MICRO, 1e6), (_MILLI, 1e3)):
        if value >= least:
            return value / unit
    return float(value)


def _iso(text: str) -> float | None:
    try:
        moment = dt.datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return aware.timestamp()
    except (ValueError, OverflowError):
        return None
