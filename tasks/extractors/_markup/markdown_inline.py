"""Markdown's inline markup taken off: what a reader sees, without link targets, emphasis marks and tags."""

from __future__ import annotations

import html
import re
from collections.abc import Set
from functools import partial
from html.entities import html5

from tasks.extractors._markup.kept import Kept, unmarked
from tasks.extractors._markup.unseen import Unseen

# Bounded repetitions keep every pattern linear on hostile input.
_MARKED = re.compile(r"[\[\]`*_<&\\~]")
# One after the other, as they come: an escaped backtick opens no span, and a span knows no escapes.
_VERBATIM = re.compile(r"\\([!-/:-@\[-`{-~])|(?<!`)(`{1,16})(?!`)(.{1,2000}?)(?<!`)\2(?!`)", re.DOTALL)
_TITLE = r"""(?:\s{1,8}(?:"[^"]{0,500}"|'[^']{0,500}'|\([^()]{0,500}\)))?"""
_TARGET = r"\(\s{0,8}(?:<[^<>\n]{0,2000}>|(?:[^()\s]|\([^()\s]{0,500}\)){0,2000})" + _TITLE + r"\s{0,8}\)"
_REFERENCE = r"\[([^\[\]]{0,200})\](?!\()"
_IMAGE = re.compile(r"!\[([^\[\]]{0,500})\](?:" + _TARGET + "|" + _REFERENCE + ")")
_LINK = re.compile(r"(?<!!)\[([^\[\]]{0,2000})\](?:" + _TARGET + "|" + _REFERENCE + ")")
_AUTOLINK = re.compile(r"<((?:https?|ftp|mailto):[^<>\s]{1,2000}|[\w.+-]{1,64}@[\w.-]{1,255})>")
_BREAK_TAG = re.compile(r"<br\s{0,3}/?>", re.IGNORECASE)
# Known elements only: prose writes <placeholders> of its own.
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|center|cite|code|del|details|div|em|font|h[1-6]|hr|i|img|input|ins|kbd|li|mark|nobr|ol|p|picture|q|s|samp"
    r"|small|source|span|strike|strong|sub|summary|sup|table|tbody|td|th|thead|tr|tt|u|ul|var|wbr)(?:\s[^<>]{0,2000})?/?>"
    r"|<!--(?:[^<-]|<(?!!--)|-(?!->)){0,2000}-->",
    re.IGNORECASE,
)
_STRONG = re.compile(r"(\*\*|~~)(?=\S)((?:(?!\1).){1,1000}?)(?<=\S)\1", re.DOTALL)
# Underscores mark only whole words: names such as user__name__icontains hold them. Another underscore may stand next to them.
_STRONG_LOW = re.compile(r"(?<![^\W_])__(?=\S)((?:(?!__).){1,1000}?)(?<=\S)__(?![^\W_])", re.DOTALL)
_EMPHASIS_STAR = re.compile(r"(?<![\w*\\])\*(?=[^\s*])([^*\n]{1,500}?)(?<=[^\s*])\*(?![\w*])")
_EMPHASIS_LOW = re.compile(r"(?<![\w_\\])_(?=[^\s_])([^_\n]{1,500}?)(?<=[^\s_])_(?![\w_])")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{1,31});")


def plain(text: str, labels: Set[str] = frozenset(), unseen: Unseen | None = None) -> str:
    """The text of Markdown inline markup: links and images by their words, code spans by their content.

    `labels` are those that the document defines, each as `label` gives it: a reference to another is no link. `unseen` takes
    out HTML elements that are hidden.
    """
    if not _MARKED.search(text):
        return text
    kept = Kept()
    keep = kept.keep
    text = unmarked(text)
    if "`" in text or "\\" in text:
        text = _VERBATIM.sub(lambda match: keep(match[1] or _span(match[3])), text)
    if "](" in text or "][" in text:
        shown = partial(_shown, labels=labels, kept=kept)
        text = _LINK.sub(shown, _IMAGE.sub(shown, text))
    if "<" in text:
        text = _AUTOLINK.sub(lambda match: keep(match[1]), text)
        if unseen is not None:
            text = unseen.taken_out(text, kept)
        text = _TAG.sub("", _BREAK_TAG.sub("\n", text))
    if "**" in text or "~~" in text:
        text = _STRONG.sub(r"\2", text)
    if "__" in text:
        text = _STRONG_LOW.sub(r"\1", text)
    if "*" in text:
        text = _EMPHASIS_STAR.sub(r"\1", text)
    if "_" in text:
        text = _EMPHASIS_LOW.sub(r"\1", text)
    if "&" in text:
        text = _ENTITY.sub(lambda match: keep(_character(match)), text)  # it may be any character, even one of a mark
    return kept.restored(text)


def label(text: str) -> str:
    """A link label in the form in which two are compared."""
    return " ".join(text.replace("`", "").replace("\\", "").casefold().split())


def _shown(link: re.Match[str], labels: Set[str], kept: Kept) -> str:
    reference = link[2]
    if reference is None or (labels and label(kept.restored(reference or link[1])) in labels):
        return link[1]
    return link[0]


def _character(entity: re.Match[str]) -> str:
    # A name must be whole: html.unescape() takes the beginning of one as well, and none need have a semicolon.
    name = entity[0][1:]
    return html.unescape(entity[0]) if name[0] == "#" else html5.get(name, entity[0])


def _span(content: str) -> str:
    content = content.replace("\n", " ")
    return content[1:-1] if content[:1] == content[-1:] == " " and content.strip() else content
