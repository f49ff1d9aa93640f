"""Presentations made by python-pptx."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from core.documents import HIDDEN_TEXT
from core.reading import ReadingPolicy
from tasks.extractors._ooxml.drawing import C
from tasks.extractors.base import Reading
from tasks.extractors.pptx import PptxExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make


class TestPptxExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> PptxExtractor:
        return PptxExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return make.pptx(tmp_path / "talk.pptx")

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Levadas of Madeira"
        assert [(e.page, e.label, e.kind.value, e.level, e.text) for e in document.elements] == [
            (1, "Levadas", "heading", 1, "Levadas"),
            (1, "Levadas", "paragraph", None, "Channels and paths"),
            (2, "Why they matter", "heading", 1, "Why they matter"),
            (2, "Why they matter", "list_item", None, "They carry water from the wet north to the dry south of the island."),
            (2, "Why they matter", "paragraph", None, "Mention the tunnels here."),
            (3, None, "table", None, "| Name | Length |\n| --- | --- |\n| Norte | 21 km |"),
        ]


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        ("pptm", "application/vnd.ms-powerpoint.presentation.macroEnabled"),
        ("ppsx", "application/vnd.openxmlformats-officedocument.presentationml.slideshow"),
        ("ppsm", "application/vnd.ms-powerpoint.slideshow.macroEnabled"),
        ("potx", "application/vnd.openxmlformats-officedocument.presentationml.template"),
        ("potm", "application/vnd.ms-powerpoint.template.macroEnabled"),
    ],
)
def test_shows_templates_and_files_with_macros_are_presentations(tmp_path: Path, suffix: str, kind: str) -> None:
    path = make.pptx(tmp_path / "a.pptx")
    before = read_document(str(path), path.name).elements
    make.retyped(path, "application/vnd.openxmlformats-officedocument.presentationml.presentation.main", f"{kind}.main")
    assert read_document(str(path), f"a.{suffix}").elements == before


def slide(presentation: Any) -> Any:
    """A blank slide."""
    return presentation.slides.add_slide(presentation.slide_layouts[6])


def box(page: Any, text: str, x: float = 1, y: float = 1) -> Any:
    """A text box of two inches by one."""
    from pptx.util import Inches

    shape = page.shapes.add_textbox(Inches(x), Inches(y), Inches(2), Inches(1))
    shape.text_frame.text = text
    return shape


def saved(presentation: Any, path: Path) -> Path:
    presentation.save(str(path))
    return path


@pytest.fixture
def presentation() -> Any:
    import pptx

    return pptx.Presentation()


def test_hidden_slides_are_left_out_but_have_numbers(presentation: Any, tmp_path: Path) -> None:
    for text in ("one", "two", "three"):
        box(slide(presentation), text)
    presentation.slides[1]._element.set("show", "0")
    path = saved(presentation, tmp_path / "a.pptx")
    document = read_document(str(path), path.name)
    assert [(each.page, each.text) for each in document.elements] == [(1, "one"), (3, "three")]
    assert document.metadata[HIDDEN_TEXT] == "3"
    kept = read_document(str(path), path.name, Reading(ReadingPolicy(keep_hidden=True)))
    assert [each.text for each in kept.elements] == ["one", "two", "three"]


def test_text_that_nobody_sees(presentation: Any, tmp_path: Path) -> None:
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    page = slide(presentation)
    box(page, "seen")
    box(page, "beside", x=-5)
    box(page, "tiny", y=3).text_frame.paragraphs[0].runs[0].font.size = Pt(1)
    white, dark = box(page, "white", y=4), box(page, "bright", y=5)
    for shape in (white, dark):
        shape.text_frame.paragraphs[0].runs[0].font.color.rgb = RGBColor(255, 255, 255)
    dark.fill.solid()
    dark.fill.fore_color.rgb = RGBColor(0, 0, 0)
    box(page, "invisible", y=6)._element.nvSpPr.cNvPr.set("hidden", "1")
    path = saved(presentation, tmp_path / "a.pptx")
    document = read_document(str(path), path.name)
    assert [each.text for each in document.elements] == ["seen", "bright"]
    assert document.metadata[HIDDEN_TEXT] == str(len("besidetinywhiteinvisible"))


def test_what_stands_above_is_read_first_and_columns_stay_whole(presentation: Any, tmp_path: Path) -> None:
    page = slide(presentation)
    box(page, "below", y=4)
    box(page, "above", y=1)
    columns = slide(presentation)
    for text, x, y in (("left head", 1, 1), ("left text", 1, 3), ("right head", 5, 1), ("right text", 5, 3)):
        box(columns, text, x, y)
    path = saved(presentation, tmp_path / "a.pptx")
    found = [each.text for each in read_document(str(path), path.name).elements]
    assert found == ["above", "below", "left head", "left text", "right head", "right text"]


def test_charts_groups_and_merged_cells(presentation: Any, tmp_path: Path) -> None:
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    page = slide(presentation)
    data = CategoryChartData()
    data.categories = ["March", "April"]
    data.add_series("Litres", (12.5, 8))
    page.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(1), Inches(3), Inches(2), data)
    group = page.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(4), Inches(2), Inches(1)).text_frame.text = "grouped"
    table = page.shapes.add_table(2, 2, Inches(1), Inches(6), Inches(4), Inches(1)).table
    table.cell(0, 0).merge(table.cell(0, 1))
    for place, text in {(0, 0): "wide", (1, 0): "a", (1, 1): "b"}.items():
        table.cell(*place).text = text
    path = saved(presentation, tmp_path / "a.pptx")
    elements = read_document(str(path), path.name).elements
    assert [each.cells or each.text for each in elements] == [
        [["", "Litres"], ["March", "12.5"], ["April", "8"]],
        "grouped",
        [["wide", "wide"], ["a", "b"]],
    ]


@pytest.mark.parametrize("epoch", [False, True])
def test_days_below_a_chart_are_dates(presentation: Any, tmp_path: Path, epoch: bool) -> None:
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    data = CategoryChartData()
    data.categories = [dt.date(2002, 1, 5), dt.date(2002, 1, 6)]
    data.add_series("Litres", (37261.5, 8))
    frame = slide(presentation).shapes.add_chart(XL_CHART_TYPE.LINE, Inches(1), Inches(1), Inches(3), Inches(2), data)
    if epoch:
        frame.chart._chartSpace.find(C + "date1904").set("val", "1")
    path = saved(presentation, tmp_path / "a.pptx")
    [chart] = read_document(str(path), path.name).elements
    days = ["2006-01-06", "2006-01-07"] if epoch else ["2002-01-05", "2002-01-06"]
    assert chart.cells == [["", "Litres"], [days[0], "37261.5"], [days[1], "8"]]


def test_prompts_and_what_repeats_on_every_slide_are_left_out(presentation: Any, tmp_path: Path) -> None:
    page = presentation.slides.add_slide(presentation.slide_layouts[1])
    page.shapes.title.text = "Title"
    number = next(each for each in presentation.slide_layouts[1].placeholders if each.placeholder_format.idx == 12)
    page.shapes._spTree.append(deepcopy(number._element))
    path = saved(presentation, tmp_path / "a.pptx")
    assert [each.text for each in read_document(str(path), path.name).elements] == ["Title"]


def test_a_damaged_slide_costs_no_other(presentation: Any, tmp_path: Path) -> None:
    for text in ("one", "two"):
        box(slide(presentation), text)
    path = make.edited(saved(presentation, tmp_path / "a.pptx"), "ppt/slides/slide1.xml", "</p:sld>", "")
    document = read_document(str(path), path.name)
    assert [(each.page, each.text) for each in document.elements] == [(2, "two")]
    assert document.warnings == ("slide 1 could not be read",)


def behind(root: Any, text: str, kind: str = "") -> Any:
    """A shape of a layout or a master; `kind`: of a placeholder."""
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls

    place = f'<p:ph type="{kind}"/>' if kind else ""
    shape = parse_xml(
        f'<p:sp {nsdecls("p", "a")}><p:nvSpPr><p:cNvPr id="99" name="x"/><p:cNvSpPr/><p:nvPr>{place}</p:nvPr></p:nvSpPr>'
        f"<p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    root.shapes._spTree.append(shape)
    return root


def test_text_of_layout_and_master_is_read_on_the_slide_that_shows_it_first(presentation: Any, tmp_path: Path) -> None:
    plain, rich = presentation.slide_layouts[6], presentation.slide_layouts[5]
    behind(presentation.slide_master, "On the master")
    behind(rich, "On the layout")
    behind(behind(rich, "On the master"), "Click to edit", "body")
    for layout in (plain, plain, rich):
        page = presentation.slides.add_slide(layout)
        box(page, f"slide {len(presentation.slides)}")
    presentation.slides[0]._element.set("showMasterSp", "0")
    presentation.slides[2].shapes.title.text = "Title"
    path = saved(presentation, tmp_path / "a.pptx")
    assert [(each.page, each.label, each.text) for each in read_document(str(path), path.name).elements] == [
        (1, None, "slide 1"),
        (2, None, "slide 2"),
        (2, None, "On the master"),
        (3, "Title", "Title"),
        (3, "Title", "slide 3"),
        (3, "Title", "On the layout"),
    ]
    rich._element.set("showMasterSp", "0")
    presentation.slides[1]._element.set("show", "0")
    path = saved(presentation, tmp_path / "b.pptx")
    elements = read_document(str(path), path.name).elements
    assert [each.text for each in elements] == ["slide 1", "Title", "slide 3", "On the layout", "On the master"]


def test_a_footer_is_read_where_nothing_else_is(presentation: Any, tmp_path: Path) -> None:
    for _ in range(2):
        behind(behind(slide(presentation), "Footer", "ftr"), "1 May", "dt")
    path = saved(presentation, tmp_path / "a.pptx")
    assert [(each.page, each.text) for each in read_document(str(path), path.name).elements] == [(1, "Footer")]
    box(presentation.slides[1], "text")
    path = saved(presentation, tmp_path / "a.pptx")
    assert [(each.page, each.text) for each in read_document(str(path), path.name).elements] == [(2, "text")]
