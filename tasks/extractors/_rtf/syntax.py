"""The surface of RTF 1.9.1: its tokens, its characters, its code pages."""

from __future__ import annotations

import codecs
import re

TOKEN = re.compile(rb"\\(?:([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|'([0-9a-fA-F]{2})|([^a-zA-Z]))|([{}])|([^\\{}]+)|\\")
"""Groups: 1 control word, 2 its number, 3 a byte in hexadecimal, 4 control symbol, 5 brace, 6 text. A lone \\ has none."""
WORD, NUMBER, BYTE, SYMBOL, BRACE, TEXT = range(1, 7)

CHARACTERS = {
    b"tab": "\t",
    b"line": "\n",
    b"lbr": "\n",
    b"softline": "\n",
    b"emdash": "\u2014",
    b"endash": "\u2013",
    b"emspace": "\u2003",
    b"enspace": "\u2002",
    b"qmspace": "\u2005",
    b"bullet": "\u2022",
    b"lquote": "\u2018",
    b"rquote": "\u2019",
    b"ldblquote": "\u201c",
    b"rdblquote": "\u201d",
    b"zwj": "\u200d",
    b"zwnj": "\u200c",
}
SYMBOLS = {b"~": "\u00a0", b"_": "\u2011", b"\\": "\\", b"{": "{", b"}": "}", b"\t": "\t"}

SKIPPED = frozenset(
    b"pict objdata objclass objname header headerl headerr headerf footer footerl footerr footerf ftnsep ftnsepc ftncn aftnsep "
    b"aftnsepc aftncn fldinst filetbl nonshppict sn sv xe tc rxe txe revtbl template pntxta pntxtb bkmkstart bkmkend datafield "
    b"formfield userprops listtable listoverridetable list listlevel listoverride listname "
    b"atnid atnauthor atndate atnref atnparent shprslt "
    b"nonesttables".split()
)
"""Destinations whose text is none of the document's. Others are skipped if \\* marks them as unknown to older readers."""

FOLLOWED = frozenset(
    b"shpinst shptxt shppict do dptxbxtext ud footnote annotation mmath moMath moMathPara me mr nesttableprops".split()
)
"""Destinations that are followed although \\* marks them."""

SYMBOL_CHARSET = 2
"""\\fcharset of fonts whose letters are symbols."""

_CODE_PAGES = {
    0: "cp1252",
    77: "mac_roman",
    78: "cp932",
    79: "cp949",
    80: "gb18030",
    81: "cp950",
    83: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
_BY_NUMBER = {708: "cp1256", 936: "gb18030", 1361: "johab", 10000: "mac_roman", 10001: "cp932", 65001: "utf-8"}


def of_charset(charset: int) -> str | None:
    """The codec of a font's \\fcharset; None for the document's own."""
    return _CODE_PAGES.get(charset)


def of_code_page(number: int) -> str | None:
    """The codec of a Windows code page; None if Python has none."""
    name = _BY_NUMBER.get(number, f"cp{number}")
    try:
        codecs.lookup(name)
    except LookupError:
        return None
    return name
