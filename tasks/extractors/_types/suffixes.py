"""Which media types names claim. Text formats are told apart by it where bytes do not; of others it is only on record."""

from __future__ import annotations

from functools import lru_cache

CALENDAR = "text/calendar"
CSV = "text/csv"
EML = "message/rfc822"
EPUB = "application/epub+zip"
HTML = "text/html"
JSON = "application/json"
JSON_LINES = "application/x-ndjson"
MARKDOWN = "text/markdown"
MBOX = "application/mbox"
MHTML = "multipart/related"
NOTEBOOK = "application/x-ipynb+json"
ORG = "text/x-org"
PLAIN = "text/plain"
RST = "text/x-rst"
SOURCE = "text/x-source"
"""Source code and configuration of any language."""
SRT = "application/x-subrip"
SVG = "image/svg+xml"
TEX = "application/x-tex"
TSV = "text/tab-separated-values"
VCARD = "text/vcard"
VTT = "text/vtt"
XML = "application/xml"

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."

_TEXT = {
    CALENDAR: "ics ical ifb",
    CSV: "csv",
    EML: "eml",
    HTML: "htm html xhtml xht",
    JSON: "json geojson webmanifest",
    JSON_LINES: "jsonl ndjson jsonlines ldjson",
    MARKDOWN: "md markdown mdown mkd mkdn mdwn mdx rmd qmd",
    MHTML: "mht mhtml",
    NOTEBOOK: "ipynb",
    ORG: "org",
    PLAIN: "txt text log asc nfo",
    RST: "rst rest",
    SRT: "srt",
    SVG: "svg",
    TEX: "tex ltx latex",
    TSV: "tsv tab",
    VCARD: "vcf vcard",
    VTT: "vtt",
    XML: "xml fb2 jats nxml docbook dbk tei xsd xsl xslt rss atom opml rdf dita ditamap xlf xliff tmx kml gpx plist opf ncx",
    MBOX: "mbox mbx",
    "application/rtf": "rtf",
    SOURCE: (
        "c h cc cpp cxx hh hpp hxx m mm cs java kt kts scala groovy gradle clj cljs go rs swift d zig nim v py pyi "
        "pyx rb php pl pm r jl lua js mjs cjs ts mts cts jsx tsx vue svelte coffee dart ex exs erl hrl hs lhs ml mli "
        "fs fsx vb vbs bas pas pp for f f90 f95 f03 ada adb ads asm s cob cbl lisp lsp cl el scm rkt sh bash zsh fish "
        "ksh ps1 psm1 bat cmd awk sed tcl sql proto thrift graphql gql cmake mk mak make dockerfile tf tfvars hcl nix "
        "bzl yaml yml toml ini cfg conf properties env css scss sass less diff patch sol vhd vhdl sv m4 ipp inl cu "
        "glsl hlsl"
    ),
}
_OTHER = {
    EPUB: "epub",
    "application/pdf": "pdf",
    _OOXML + "wordprocessingml.document": "docx docm dotx dotm",
    _OOXML + "presentationml.presentation": "pptx pptm potx potm ppsx ppsm",
    _OOXML + "spreadsheetml.sheet": "xlsx xlsm xltx xltm",
    _ODF + "text": "odt",
    _ODF + "text-template": "ott",
    _ODF + "text-flat-xml": "fodt",
    _ODF + "presentation-template": "otp",
    _ODF + "presentation-flat-xml": "fodp",
    _ODF + "spreadsheet-template": "ots",
    _ODF + "spreadsheet-flat-xml": "fods",
    _ODF + "presentation": "odp",
    _ODF + "spreadsheet": "ods",
    "application/msword": "doc dot",
    "application/vnd.ms-powerpoint": "ppt pps pot",
    "application/vnd.ms-excel": "xls xlt",
    "application/vnd.ms-outlook": "msg",
    "application/zip": "zip",
    "application/x-tar": "tar",
    "application/gzip": "gz tgz",
    "image/png": "png",
    "image/jpeg": "jpg jpeg",
    "image/tiff": "tif tiff",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "image/webp": "webp",
}
_NAMES = frozenset(
    {"makefile", "dockerfile", "rakefile", "gemfile", "jenkinsfile", "vagrantfile", "procfile", "cmakelists.txt"}
)


def _by_suffix(table: dict[str, str]) -> dict[str, str]:
    return {f".{suffix}": media_type for media_type, suffixes in table.items() for suffix in suffixes.split()}


TEXT_BY_SUFFIX = _by_suffix(_TEXT)
"""Media types of text formats by suffix, in lower case with its dot."""
_BY_SUFFIX = TEXT_BY_SUFFIX | _by_suffix(_OTHER)


@lru_cache(2)
def text_suffix(name: str) -> str:
    """The suffix in lower case that decides between text formats; files of code that have none get ".make"."""
    base = name.lower().rstrip("/").rpartition("/")[2]
    at = base.rfind(".")
    if base in _NAMES:
        return ".make"
    return base[at:] if 0 < at < len(base) - 1 else ""


def may_be_told_otherwise(media_type: str, name: str) -> bool:
    """True if what was read as this type might be read as another under such a name: one text format rather than another."""
    claimed = TEXT_BY_SUFFIX.get(text_suffix(name), PLAIN)
    return media_type in _TEXT and media_type != claimed


def declared_type(name: str) -> str | None:
    """The media type that a file's suffix stands for; None if it stands for none that we know."""
    return _BY_SUFFIX.get(text_suffix(name))


def usual_suffix(media_type: str) -> str:
    """The suffix, with its dot, that files of the type have; "" for one that is not known."""
    return next((suffix for suffix, found in _BY_SUFFIX.items() if found == media_type), "")
