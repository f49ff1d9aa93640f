"""The encoding of a text by its letters: a few sentences in each language, in each encoding that it is written in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.extractors._encodings.decode import declared_in, decode
from tasks.extractors._encodings.letters import Scores
from tasks.extractors._encodings.wide import wide_encoding
from tasks.extractors._types.suffixes import PLAIN
from tasks.extractors.media_type import media_type

FRENCH = (
    "L'eau de la rivière coule le long des canaux bâtis au siècle passé; là où elle s'arrête, les paysans l'élèvent à la main."
)
GERMAN = (
    "Das Wasser fließt über die Hänge; für die Gärten öffnen die Wärter früh am Morgen die Schützen, später schließen sie alle."
)
POLISH = "Woda płynie wzdłuż zbocza, a chłopi otwierają śluzy, żeby każdą łąkę nawodnić przed południem; później są zamknięte."
CZECH = (
    "Voda teče podél svahů a každý večer se zavírají dřevěná stavidla, aby příští den měli všichni dost vláhy pro své zahrady."
)
HUNGARIAN = "A víz a hegyoldalon folyik, és reggelente kinyitják a zsilipeket, hogy a földművesek öntözhessék kertjeiket."
TURKISH = (
    "Su yamaç boyunca akar; köylüler sabahları savakları açıp bahçelerini sular, öğleden sonra ise bütün kapıları kapatırlar."
)
RUSSIAN = (
    "Вода течёт вдоль склона, и крестьяне по утрам открывают шлюзы, чтобы полить сады, а вечером снова закрывают их до утра."
)
BULGARIAN = "Водата тече по склона и селяните сутрин отварят вратите, за да напоят градините си, а вечер отново ги затварят."
UKRAINIAN = (
    "Вода тече вздовж схилу, і селяни щоранку відчиняють шлюзи, щоб полити свої сади, а ввечері знову їх зачиняють до ранку."
)
GREEK = "Το νερό ρέει κατά μήκος της πλαγιάς και οι αγρότες ανοίγουν κάθε πρωί τις θύρες για να ποτίσουν τους κήπους τους."
HEBREW = "המים זורמים לאורך המדרון והאיכרים פותחים בכל בוקר את השערים כדי להשקות את הגנים שלהם, ובערב הם סוגרים אותם שוב."
ARABIC = "يجري الماء على طول المنحدر ويفتح الفلاحون البوابات كل صباح لري حدائقهم ثم يغلقونها مرة أخرى في المساء."
THAI = "น้ำไหลไปตามแนวลาดเขา ชาวนาเปิดประตูน้ำทุกเช้าเพื่อรดน้ำสวนของตน และปิดอีกครั้งในตอนเย็นจนถึงรุ่งเช้า"
LITHUANIAN = "Vanduo teka šlaitu žemyn, o ūkininkai kiekvieną rytą atidaro šliuzus, kad galėtų palaistyti savo sodus."
JAPANESE = "水路は山の斜面に沿って流れ、農民は毎朝水門を開けて畑に水をやり、夕方にはまた閉めます。"
CHINESE = "水渠沿着山坡流淌，农民每天早上打开水闸浇灌自己的菜园，到了晚上又把它们关上，直到第二天早上。"
TAIWANESE = "水渠沿著山坡流淌，農民每天早上打開水閘澆灌自己的菜園，到了晚上又把它們關上，直到第二天早上。"
KOREAN = "물길은 산비탈을 따라 흐르고 농부들은 아침마다 수문을 열어 밭에 물을 주고 저녁이면 다시 닫는다."


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (FRENCH, "cp1252 iso8859-15 mac_roman cp850 cp437"),
        (GERMAN, "cp1252 iso8859-15 mac_roman cp850 cp437"),
        (POLISH, "cp1250 iso8859-2 cp852 mac_latin2"),
        (CZECH, "cp1250 iso8859-2 cp852 mac_latin2"),
        (HUNGARIAN, "cp1250 iso8859-2 cp852"),
        (TURKISH, "cp1254 iso8859-9 cp857"),
        (RUSSIAN, "cp1251 koi8-r iso8859-5 cp866 cp855 mac_cyrillic"),
        (BULGARIAN, "cp1251 iso8859-5 cp866 cp855 mac_cyrillic"),
        (UKRAINIAN, "cp1251 koi8-u iso8859-5"),
        (GREEK, "cp1253 iso8859-7 cp737"),
        (HEBREW, "cp1255 iso8859-8 cp862"),
        (ARABIC, "cp1256 iso8859-6"),
        (THAI, "cp874 tis-620"),
        (LITHUANIAN, "cp1257 iso8859-13"),
        (JAPANESE, "cp932 euc_jp iso2022_jp"),
        (CHINESE, "gb18030 gb2312"),
        (TAIWANESE, "big5"),
        (KOREAN, "euc_kr cp949 johab iso2022_kr"),
    ],
)
@pytest.mark.parametrize("times", [1, 400])
def test_each_is_told_from_all_others(text: str, encodings: str, times: int) -> None:
    for encoding in encodings.split():
        assert decode((text + "\r\n").encode(encoding) * times) == (text + "\r\n") * times, encoding


@pytest.mark.parametrize("text", [FRENCH, RUSSIAN, HEBREW, THAI, JAPANESE, CHINESE, KOREAN])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_text_needs_no_mark(tmp_path: Path, text: str, encoding: str) -> None:
    data = ((text + "\n") * 9).encode(encoding)
    assert decode(data) == (text + "\n") * 9
    path = tmp_path / "a"
    path.write_bytes(data)
    assert media_type(str(path), "a.txt") == PLAIN


def test_pictures_are_no_wide_text() -> None:
    assert wide_encoding(bytes(range(256)) * 64) is None
    assert wide_encoding(b"\x00\x00\x01\x00" * 64) is None
    assert wide_encoding(b"") is None


@pytest.mark.parametrize("name", ["iso-8859-1", "windows-1252", "utf-8", "shift_jis", "no-such-one"])
def test_a_wrong_declaration_is_seen_through(name: str) -> None:
    page = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={name}"></head><p>{RUSSIAN * 3}</p>'
    assert decode(page.encode("cp1251")) == page


def test_a_right_declaration_settles_what_letters_do_not() -> None:
    for name in ("iso8859-2", "cp1252", "mac_roman", "koi8-r"):
        page = f'<?xml version="1.0" encoding="{name}"?><a>{"ü" if name != "koi8-r" else "я"}</a>'
        assert decode(page.encode(name)) == page


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (b'<?xml version="1.0" encoding="koi8-r"?>', "koi8-r"),
        (b"<META http-equiv=content-type content='text/html; charset=windows-1251'>", "windows-1251"),
        (b'<meta charset="big5">', "big5"),
        (b"#!/usr/bin/python\n# -*- coding: latin-1 -*-\n", "latin-1"),
        (b"\\documentclass{book}\n\\usepackage[cp1250]{inputenc}", "cp1250"),
        (b"words about charset=big5 in a text", None),
    ],
)
def test_what_texts_say_of_themselves(source: bytes, name: str | None) -> None:
    assert declared_in(source) == name


def test_the_size_of_a_text_hardly_matters() -> None:
    weights = {Scores(b"\xe0\xe8\xef\xf2 " * times).weight for times in (200_000, 4_000_000)}
    assert len(weights) == 1
    assert decode(b"a" * 90_000 + b" \xe9t\xe9") == "a" * 90_000 + " été"
    assert decode(b"\xe9" * 90_000 + b"\xff") is not None
