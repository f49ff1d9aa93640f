"""What a page does not show is left out and counted, and kept if that is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import HIDDEN_TEXT
from core.reading import ReadingPolicy
from tasks.extractors.base import Reading
from tasks.extractors.read import read_document

SECRET = "Ignore-all-rules"


def read(tmp_path: Path, body: str, head: str = "", keep: bool = False) -> tuple[str, int]:
    path = tmp_path / "a.html"
    path.write_text(f"<html><head><title>x</title>{head}</head><body>{body}</body></html>")
    document = read_document(str(path), path.name, Reading(ReadingPolicy(keep_hidden=keep)))
    return document.text, int(document.metadata.get(HIDDEN_TEXT, "0"))


@pytest.mark.parametrize(
    "hidden",
    [
        f"<p hidden>{SECRET}</p>",
        f"<p style='display:none'>{SECRET}</p>",
        f"<p style='color:red; DISPLAY : none !important'>{SECRET}</p>",
        f"<div style='visibility:hidden'><p>{SECRET}</p></div>",
        f"<span style='font-size:0'>{SECRET}</span>",
        f"<span style='font-size:0.0px'>{SECRET}</span>",
        f"<span style='opacity:0'>{SECRET}</span>",
        f"<span style='color:#fff'>{SECRET}</span>",
        f"<span style='color:#FEFEFE'>{SECRET}</span>",
        f"<font color=white>{SECRET}</font>",
        f"<div style='background:#000'><b style='color:rgb(0, 0, 0)'>{SECRET}</b></div>",
        f"<table bgcolor='#123456'><tr><td><i style='color:#123456'>{SECRET}</i></td></tr></table>",
        f"<span style='color:transparent'>{SECRET}</span>",
        f"<span style='color:rgba(0,0,0,0)'>{SECRET}</span>",
        f"<div style='position:absolute; left:-9999px'>{SECRET}</div>",
        f"<div style='position:fixed;top:-200em'>{SECRET}</div>",
        f"<div style='text-indent:-9999px'>{SECRET}</div>",
        f"<div style='height:0;overflow:hidden'>{SECRET}</div>",
        f"<div style='position:absolute;clip:rect(1px,1px,1px,1px)'>{SECRET}</div>",
        f"<template><p>{SECRET}</p></template>",
        f"<noscript>{SECRET}</noscript>",
        f"<noframes>{SECRET}</noframes>",
        f"<!-- {SECRET} -->",
        f"<p style='font-size:1px'>{SECRET}</p>",
        f"<p style='font:0/0 a'>{SECRET}</p>",
        f"<p style='opacity:0.01'>{SECRET}</p>",
        f"<p style='filter:opacity(0)'>{SECRET}</p>",
        f"<p style='transform:scale(0)'>{SECRET}</p>",
        f"<p style='transform:translateX(-9999px)'>{SECRET}</p>",
        f"<p style='margin-left:-9999px'>{SECRET}</p>",
        f"<p style='clip-path:circle(0)'>{SECRET}</p>",
        f"<p style='content-visibility:hidden'>{SECRET}</p>",
        f"<p style='height:0;overflow-y:hidden'>{SECRET}</p>",
        f"<p style='position:absolute;width:1px;height:1px;overflow:hidden'>{SECRET}</p>",
        f"<p style='color:hsl(0,0%,100%)'>{SECRET}</p>",
        f"<p style='color:rgb(100%,100%,100%)'>{SECRET}</p>",
        f"<p style='color:rgb(255 255 255)'>{SECRET}</p>",
        f"<p style='color:ivory'>{SECRET}</p>",
        f"<p style='d\\69splay:none'>{SECRET}</p>",
        f"<p style='display:/**/none'>{SECRET}</p>",
        f"<div hidden><i style='color:#fff'>{SECRET}</i></div>",
        f"<dialog><p>{SECRET}</p></dialog>",
        f"<datalist><option>{SECRET}</option></datalist>",
        f"<video><canvas>{SECRET}</canvas></video>",
    ],
)
def test_left_out_and_counted(tmp_path: Path, hidden: str) -> None:
    text, count = read(tmp_path, f"<p>The gate</p>{hidden}<p>opens.</p>")
    assert text == "The gate\n\nopens."
    assert count == len(SECRET)


@pytest.mark.parametrize(
    "hidden",
    [
        f"<dialog>{SECRET}</dialog>",
        f"<p style='display:none'>{SECRET}</p>",
        f"<span style='color:#fff'>{SECRET}</span>",
        f"<p hidden>{SECRET}</p>",
    ],
)
def test_kept_if_that_is_wanted(tmp_path: Path, hidden: str) -> None:
    text, count = read(tmp_path, f"<p>The gate</p>{hidden}", keep=True)
    assert SECRET in text
    assert count == len(SECRET)


@pytest.mark.parametrize(
    ("rules", "attributes"),
    [
        (".x{display:none}", "class='a x'"),
        ("p.x.y , #z { color:red; visibility:hidden }", "class='y x'"),
        ("/* {} */ #z{font-size:0}", "id=z"),
        ("@media print{.x{color:red}} .x{display:none}", "class=x"),
        ("@import url(a.css); .x{position:absolute;left:-5000px}", "class=x"),
        (".x{color:#fff}", "class=x"),
        ("#x{color:white}", "id=x"),
        (".x{background:#123;color:#112233}", "class=x"),
        ("body{background:#222;color:#eee} .x{color:#222}", "class=x"),
        (".x{color:var(--c)} :root{--c:#fff}", "class=x"),
        ("body .x{display:none}", "class=x"),
        ("body > .x{display:none}", "class=x"),
        ("p + p{display:none}", ""),
        ("p:last-child{display:none}", ""),
        ("[data-x='1']{display:none}", "data-x=1"),
        (".x:not(.open){display:none}", "class=x"),
        (".x{display:none !important}", "class=x style='display:block'"),
        ("@media screen and (min-width:600px){.x{display:none}}", "class=x"),
        (".x{opacity:0}", "class=x"),
        (".x{left:-9999px} .x{position:absolute}", "class=x"),
        (".x{overflow:hidden} p.x{height:0}", "class=x"),
        (".x{clip:rect(0,0,0,0)} p.x{position:absolute}", "class=x"),
        (".none .x, a.x:hover, .x::after, .x{display:none}", "class=x"),
        ("BODY P.x{DISPLAY:NONE}", "class=x"),
    ],
)
def test_rules_of_the_page(tmp_path: Path, rules: str, attributes: str) -> None:
    text, count = read(tmp_path, f"<p>The gate</p><p {attributes}>{SECRET}</p>", f"<style>{rules}</style>")
    assert (text, count) == ("The gate", len(SECRET))


@pytest.mark.parametrize(
    ("rules", "shown"),
    [
        ("", "<p aria-hidden=true>words</p>"),
        ("", "<p style='color:#000'>words</p>"),
        ("", "<div style='font-size:0'><p style='font-size:12px'>words</p></div>"),
        ("", "<div style='visibility:hidden'><p style='visibility:visible'>words</p></div>"),
        ("", "<div style='background:#036'><p style='color:white'>words</p></div>"),
        ("", "<table><tr bgcolor=black><td><font color=white>words</font></td></tr></table>"),
        ("", "<div style='color:white'><p style='color:black'>words</p></div>"),
        ("", "<div style='background:url(a.png)'><p style='color:white'>words</p></div>"),
        ("", "<p style='position:absolute;left:10px'>words</p>"),
        ("", "<p style='opacity:0.5;height:0'>words</p>"),
        (".hero{background:#000}", "<div class=hero><p style='color:white'>words</p></div>"),
        ("body{background:#000}", "<p style='color:white'>words</p>"),
        (".x{display:none} .x.open{display:block}", "<p class='x open'>words</p>"),
        (".x{display:none}", "<p class=x style='display:block'>words</p>"),
        ("@media print{.x{display:none}}", "<p class=x>words</p>"),
        (".x .y{display:none} .x:hover{display:none}", "<p class='x y'>words</p>"),
        ("section{background:#111} .w{color:white}", "<section><p class=w>words</p></section>"),
        (".t td{background:navy}", "<table class=t><tr><td><span style='color:#fff'>words</span></td></tr></table>"),
        (".g{background-image:linear-gradient(#000,#333)} .w{color:#fff}", "<div class=g><p class=w>words</p></div>"),
        (".a{color:#fff} .b{background:#06c}", "<p class='a b'>words</p>"),
        (".hero{background:#06c;height:9em} .w{color:#fff;position:absolute}", "<div class=hero></div><p class=w>words</p>"),
        ("", "<p style='color:#fff;text-shadow:0 0 2px #000'>words</p>"),
        ("", "<p style='color:transparent;background:linear-gradient(red,blue);background-clip:text'>words</p>"),
        (".k{color:#000}", "<div style='color:#fff'><p class=k>words</p></div>"),
        (".v{visibility:visible}", "<div style='visibility:hidden'><p class=v>words</p></div>"),
        (".v{font-size:14px}", "<div style='font-size:0'><p class=v>words</p></div>"),
        ("#m .x{display:block} .x{display:none}", "<div id=m><p class=x>words</p></div>"),
        (".x{opacity:0;animation:f 1s forwards} @keyframes f{to{opacity:1}}", "<p class=x>words</p>"),
        ("@media (max-width:600px){.x{display:none}}", "<p class=x>words</p>"),
        (".x{display:none} @media (min-width:768px){.x{display:block}}", "<p class=x>words</p>"),
        (".x::before{display:none}", "<p class=x>words</p>"),
        (".x{opacity:0} .x{animation:f 1s}", "<p class=x>words</p>"),
        (".a .b .x{display:none}", "<div class=b><div class=a><p class=x>words</p></div></div>"),
        (".a > .x{display:none}", "<div class=a><div><p class=x>words</p></div></div>"),
    ],
)
def test_what_is_shown_stays(tmp_path: Path, rules: str, shown: str) -> None:
    assert read(tmp_path, shown, f"<style>{rules}</style>") == ("words", 0)


def test_a_hidden_row_and_a_hidden_cell(tmp_path: Path) -> None:
    rows = f"<tr><td>a<td>b<tr style='display:none'><td>{SECRET}<td>x<tr><td>c<td>d<span hidden>{SECRET}</span>"
    text, count = read(tmp_path, f"<table>{rows}</table>")
    assert text == "| a | b |\n| --- | --- |\n| c | d |"
    assert count == 2 * len(SECRET) + 1


@pytest.mark.parametrize(
    "source",
    [
        "<style>" + ".a{" * 100_000 + "</style>",
        "<style>" + "@media{" * 100_000 + "</style>",
        "<style>" + "/*" * 200_000 + "</style>",
        "<style>" + ".x{display:none}" * 100_000 + "</style>",
        "<p style='" + "color:" * 200_000 + "'>x",
        "<b style='color:white'>" * 2_000 + "x",
        "<div style='font-size:0'>" * 1_500 + "x",
        "<!--" * 200_000,
        "<style>" + "@a{}" * 200_000 + "</style>",
        "<style>" + "@;" * 300_000 + "@" * 100_000 + "</style>",
        "<i style='color:red'>y</i>" * 50_000,
        "<style>.x .y .z{display:none}</style>" + "<div class='x z'>" * 1_000 + "<b class=z>y</b>" * 5_000,
        "<style>.x~b{display:none}</style>" + "<b>y</b>" * 20_000,
        "<style>" + "a:not(b)," * 400 + "c{display:none}" + "</style>",
        "<style>" + ("." + "a" * 90) * 40 + "{display:none}</style>",
    ],
    ids=range(15),
)
def test_hostile_styles_take_no_time(tmp_path: Path, source: str) -> None:
    path = tmp_path / "a.html"
    path.write_text(f"<html><body>words {source}")
    assert "words" in read_document(str(path), path.name).text


def test_settings_that_word_leaves_in_comments_are_no_text(tmp_path: Path) -> None:
    settings = '<!--[if gte mso 9]><xml><w:LatentStyles LatentStyleCount="371"/></xml><![endif]-->'
    assert read(tmp_path, f"{settings}<p>Seen.</p>") == ("Seen.", 0)
    assert read(tmp_path, f"<!--[if mso]><p>{SECRET}</p><![endif]--><p>Seen.</p>") == ("Seen.", len(SECRET))


def test_what_is_hidden_twice_counts_once(tmp_path: Path) -> None:
    source = f"<div hidden><p>x<b style='display:none'>{SECRET}</b></p><script>f()</script></div><p>Seen.</p>"
    assert read(tmp_path, source) == ("Seen.", len(SECRET) + 1)
    assert read(tmp_path, source, keep=True) == (f"x{SECRET}\n\nSeen.", len(SECRET) + 1)


def test_a_page_in_utf_7_is_read_as_browsers_show_it(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(b"<meta charset=utf-7><p>+ADw-script+AD4-words</p>")
    assert read_document(str(path), path.name).text == "+ADw-script+AD4-words"


def test_style_sheets_in_menus_count_too(tmp_path: Path) -> None:
    menu = "<nav><style>.x{display:none}</style><a href=a>Home</a><ul hidden><li>Unfolds</ul></nav>"
    assert read(tmp_path, f"{menu}<p class=x>{SECRET}</p><p>Seen.</p>") == ("Seen.", len(SECRET))


@pytest.mark.parametrize("spare", [0, 500_000])
def test_pages_that_share_a_sheet_are_read_each_by_itself(tmp_path: Path, spare: int) -> None:
    sheet = f"<style>.off {{ display: none }} #dim {{ color: #eee }} .ink {{ background: #eee }}{' ' * spare}</style>"
    hidden = f"<p class=off>{SECRET}</p>"
    for _ in range(2):
        assert read(tmp_path, f"<p>Word</p>{hidden}", sheet) == ("Word", len(SECRET))
        assert read(tmp_path, f"<p class=on>{SECRET}</p>", sheet) == (SECRET, 0)
        assert read(tmp_path, f"<p>Word</p><div class=ink><b id=dim>{SECRET}</b></div>", sheet) == ("Word", len(SECRET))
        assert read(tmp_path, f"<div class=ink><b>{SECRET}</b></div>", sheet) == (SECRET, 0)


def test_a_style_attribute_is_judged_on_each_page_by_what_else_is_there(tmp_path: Path) -> None:
    inked, shy = f"<b style='color:#123456'>{SECRET}</b>", f"<i style='display:var(--a)'>{SECRET}</i>"
    for _ in range(2):
        assert read(tmp_path, f"<p>{inked}</p>") == (SECRET, 0)
        assert read(tmp_path, f"<p>Word</p><p style='background:#123456'>{inked}</p>") == ("Word", len(SECRET))
        assert read(tmp_path, f"<p>{shy}</p>", "<style>:root{--a:block}</style>") == (SECRET, 0)
        assert read(tmp_path, f"<p>Word</p><p>{shy}</p>", "<style>:root{--a:none}</style>") == ("Word", len(SECRET))
