"""Invitations (iCalendar, RFC 5545) as a reader sees them: what, when, where, by whom."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FOLD = re.compile(r"\n[ \t]")
_ESCAPE = re.compile(r"\\([nN,;\\])")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(?:\d\d)?(Z?))?")
_SHOWN = (("What", "SUMMARY"), ("When", "DTSTART"), ("Until", "DTEND"), ("Where", "LOCATION"), ("By", "ORGANIZER"))
_MOST = 100
"""Events of one calendar in a letter."""


def events(text: str, most: int = _MOST) -> Iterator[tuple[str, str]]:
    """Of each event or task, so many at most, a summary, one fact a line, and its description."""
    found: dict[str, str] | None = None
    seen: set[str] = set()
    depth = 0
    for line in _FOLD.sub("", text).split("\n"):
        head, colon, value = split_property(line)
        name, _, parameters = head.partition(";")
        name = name.strip().upper()
        if name == "BEGIN" and value.strip().upper() in ("VEVENT", "VTODO") and found is None:
            found, depth = {}, 0
        elif name == "BEGIN":
            depth += 1  # an alarm in an event has a description, too
        elif name == "END" and found is not None and depth == 0:
            summary = "\n".join(f"{label}: {found[key]}" for label, key in _SHOWN if found.get(key))
            if summary and summary not in seen:
                seen.add(summary)
                yield summary, found.get("DESCRIPTION", "")
            found = None
            if len(seen) >= most:
                return
        elif name == "END":
            depth -= 1
        elif found is not None and depth == 0 and colon:
            found.setdefault(name, _shown(name, parameters, value))


def split_property(line: str) -> tuple[str, str, str]:
    """Name with parameters, colon, value: a colon in a quoted parameter parts nothing."""
    quoted = False
    for place, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == ":" and not quoted:
            return line[:place], ":", line[place + 1 :]
    return line, "", ""


def _shown(name: str, parameters: str, value: str) -> str:
    given = dict(part.partition("=")[::2] for part in parameters.split(";"))
    if name in ("DTSTART", "DTEND"):
        match = _TIME.match(value)
        if match is None:
            return value
        year, month, day, hour, minute, utc = match.groups()
        zone = "UTC" if utc else given.get("TZID", "").strip('"')
        return f"{year}-{month}-{day}" + (f" {hour}:{minute} {zone}".rstrip() if hour else "")
    if name == "ORGANIZER":
        address = value.strip().removeprefix("mailto:").removeprefix("MAILTO:")
        person = given.get("CN", "").strip('"')
        return f"{person} <{address}>" if person and person != address else address
    return unescaped(value).strip()


def unescaped(value: str) -> str:
    """What a value says, with its commas and line breaks."""
    return _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)
