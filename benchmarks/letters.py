"""Writes tasks/extractors/_encodings/letters.txt: how often one letter follows another, by language, to tell encodings apart.

From the profiles of langdetect (Apache-2.0, https://github.com/Mimino666/langdetect), which count pairs of letters in
Wikipedia's abstracts. `python -m benchmarks.letters` needs `pip install langdetect`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

from tasks.extractors._encodings.letters import FLOOR, STEPS, TABLE

LANGUAGES = (
    *("af", "ca", "da", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "it", "lt", "lv", "nl", "no", "pl", "pt", "ro", "cs"),
    *("sk", "sl", "sq", "sv", "tr", "bg", "mk", "ru", "uk", "el", "he", "ar", "fa", "ur", "th"),
)
SYLLABLES = 400
"""Korean ones that are kept, the commonest."""


def pairs(profile: dict[str, int]) -> Counter[tuple[str, str]]:
    """Counts of two letters in lower case; " " stands for a word's end."""
    counts: Counter[tuple[str, str]] = Counter()
    for gram, count in profile.items():
        if len(gram) == 2 and len(lower := gram.lower()) == 2:
            counts[lower[0], lower[1]] += count
    return counts


def line(language: str, profile: dict[str, int]) -> str:
    """Three characters for each pair: the two letters and the logarithm of how likely the second is after the first."""
    counts = pairs(profile)
    totals: Counter[str] = Counter()
    for (first, _), count in counts.items():
        totals[first] += count
    steps = {pair: round(-math.log(count / totals[pair[0]]) * STEPS) for pair, count in counts.items()}
    kept = (f"{one}{two}{chr(ord('0') + step)}" for (one, two), step in sorted(steps.items()) if step < -FLOOR * STEPS)
    return language + "\t" + "".join(kept)


def main() -> None:
    """Write the table."""
    package = find_spec("langdetect")
    assert package is not None and package.origin is not None, "pip install langdetect"
    folder = Path(package.origin).parent / "profiles"
    found = {language: json.loads((folder / language).read_text())["freq"] for language in (*LANGUAGES, "ko")}
    korean = Counter({gram: count for gram, count in found.pop("ko").items() if len(gram) == 1 and "가" <= gram <= "힣"})
    lines = [line(language, profile) for language, profile in found.items()]
    lines.append("ko\t" + "".join(syllable for syllable, _ in korean.most_common(SYLLABLES)))
    TABLE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
