"""Source code and configuration, exactly as it is: one element for each part that begins at the margin after a blank line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.documents import Document, ElementKind
from tasks.extractors._builder import Builder
from tasks.extractors._encodings.decode import read_text
from tasks.extractors._types.suffixes import SOURCE
from tasks.extractors.base import DEFAULT, Extractor, Reading

_CLOSING = re.compile(r"[\])}>]|end\b|else\b|elif\b|except\b|finally\b|catch\b|#(?:else|elif|endif)\b|fi\b|done\b|esac\b")
"""What ends or continues a part that holds blank lines."""
_NAME = re.compile(
    r"^(?:(?:export|default|public|private|protected|internal|static|final|abstract|sealed|async|pub(?:\([a-z]{1,9}\))?|unsafe|extern"
    r"|open|data|partial|inline|virtual|override|declare) {1,4}){0,6}"
    r"(?:def|class|function\*?|func|fn|sub|struct|interface|trait|enum|impl|module|namespace|package|object|record|protocol|type"
    r"|macro_rules!|procedure|contract|message|service|resource) {1,4}(?:\([^()\n]{0,100}\) {0,4})?"
    r"([A-Za-z_$][\w$.]{0,100}(?:::\w{1,100})?)",
    re.IGNORECASE | re.MULTILINE,
)


class SourceExtractor(Extractor):
    """Code elements; the label of one is the first name that it defines at the margin."""

    name = "source"
    version = 1
    media_types = frozenset({SOURCE})

    def extract(self, path: str, media_type: str, reading: Reading = DEFAULT) -> Document:
        """Elements in order, without pages. Raises Unprocessable(TOO_LARGE)."""
        builder = Builder(reading.policy.keep_hidden)
        for part in parts(read_text(path)):
            named = _NAME.search(part)
            builder.add(ElementKind.CODE, part, label=named[1] if named else None)
        return builder.document(media_type, self.key)


def parts(text: str) -> Iterator[str]:
    """The text cut before each line at the margin that follows a blank one, unless it only ends what was before."""
    lines: list[str] = []
    blank = False
    for line in text.split("\n"):
        if lines and blank and line[:1] > " " and not _CLOSING.match(line):
            yield "\n".join(lines)
            lines = []
        blank = not line.strip()
        lines.append(line)
    yield "\n".join(lines)
