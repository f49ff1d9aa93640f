"""Characters that no reader sees and that can carry text past one: zero-width ones, bidi controls, tags, variation selectors.

Some are spelling: joiners in Persian and Indic words, in emoji, one variation selector after an ideograph. Those stay
(Unicode 16.0, sections 23.2 to 23.9; UTS 51 for emoji). "Smuggled" ASCII in tag characters, bytes in runs of variation
selectors and bits in runs of joiners are all runs, or stand where no script needs them.
"""

from __future__ import annotations

import re

SOFT_HYPHEN = "\u00ad"
"""Typography, not a trick: taken out without being counted."""

_RUN = re.compile(
    "[\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_PRINTABLE = re.compile("[\u034f\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Those of them that str.isprintable takes for printable."""
_JOINED = re.compile("[\u0600-\u109f\u1780-\u18af\u1900-\u1aff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00011000-\U000116ff]")
"""Scripts whose letters change by a joiner or non-joiner: Arabic to Myanmar, Khmer, Mongolian and their extensions."""
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1980-\u19ff]")
"""Thai, Lao, Myanmar, Khmer: a zero-width space parts their words."""
_PICTURE = re.compile("[#*0-9\u00a9\u00ae\u203c\u2049\u2122-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]")
_IDEOGRAPH = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_MATH = re.compile("[\u2200-\u22ff\u2a00-\u2aff]")
_JOINERS = "\u200c\u200d"
_NATIONS = frozenset(
    "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f" for region in ("gbeng", "gbsct", "gbwls")
)
"""The only tag sequences in use: after a black flag, England, Scotland and Wales."""


def is_all_seen(text: str) -> bool:
    """True of a text with none of them, if str.isprintable takes all of it for printable but line ends."""
    return _PRINTABLE.search(text) is None


def visible(text: str) -> tuple[str, int]:
    """The text without them, and how many were taken out, soft hyphens not counted."""
    # Most texts have none, which is quicker to see so than by the pattern.
    if text.isascii() or (text.replace("\n", " ").isprintable() and not _PRINTABLE.search(text)) or not _RUN.search(text):
        return text, 0
    removed = 0

    def kept(run: re.Match[str]) -> str:
        nonlocal removed
        stays = _needed(run[0], text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1])
        removed += len(run[0]) - run[0].count(SOFT_HYPHEN) - len(stays)
        return stays

    return _RUN.sub(kept, text), removed


def _needed(run: str, before: str, after: str) -> str:
    """What of a run the characters around it call for."""
    if run in _NATIONS:
        return run if before == "\U0001f3f4" else ""
    if _PICTURE.match(before):
        selector = run[0] if run[0] in "\ufe0e\ufe0f" else ""
        joiner = "\u200d" if run[len(selector) :] == "\u200d" and _PICTURE.match(after) else ""
        return selector + joiner or (run[0] if run[0] == "\ufe00" and _MATH.match(before) else "")
    if _IDEOGRAPH.match(before):
        return run[0] if "\ufe00" <= run[0] <= "\ufe02" or "\U000e0100" <= run[0] <= "\U000e01ef" else ""
    if _JOINED.match(before):
        if run[0] in _JOINERS or "\u180b" <= run[0] <= "\u180f":
            return run[0]
        return run[0] if run[0] == "\u200b" and _UNSPACED.match(before) and _UNSPACED.match(after) else ""
    return ""
