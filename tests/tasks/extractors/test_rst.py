"""reStructuredText: what a reader of the page would see."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.read import read_document
from tasks.extractors.rst import RstExtractor
from tests.contracts.extractors import ExtractorContract

SAMPLE = """
========
Levadas
========

:Author: M. Keeper
:Status: final

.. a remark
   of the writer
.. _gates: http://example.org/
.. |water| replace:: *clear* water

Water *flows* by its **weight**, see `the gates`_, `here <http://example.org>`__ and :ref:`there <x>`::

   open
     --gate 1

Parts
-----

* gates,
  of wood

  - small ones
* ``basins_`` |water| [1]_

1. first
#. second

term : classifier
   its meaning

.. note:: Take care

   of it.

.. code-block:: python
   :linenos:

   print(1)

Wood
~~~~

+-----+-------------+
| Day | Litres      |
+=====+======+======+
| Mon | 1    | 2    |
|     +------+------+
|     | 3    | 4    |
+-----+------+------+

===== =====
A     B
===== =====
1     2
      two
===== =====

.. csv-table:: Flow
   :header: "x", "y"

   1, "2, 3"

.. list-table::

   * - p
     - q
   * - r
     - s

.. image:: http://example.org/a.png
   :alt: A gate
.. raw:: html

   <b>raw</b>
.. include:: /etc/passwd

>>> 1 + 1
2

| line one
| line two

    A quotation.

.. [1] The note.

End
===
"""


def extract(tmp_path: Path, source: str) -> Document:
    path = tmp_path / "a.rst"
    path.write_text(source)
    return read_document(str(path), path.name)


class TestRstExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> RstExtractor:
        return RstExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "levadas.rst"
        path.write_text(SAMPLE)
        return path

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Levadas"
        assert document.metadata == {"author": "M. Keeper", "hidden_text": "18"}
        assert [(e.kind.value, e.level, e.text) for e in document.elements] == [
            ("heading", 1, "Levadas"),
            ("paragraph", None, "Author: M. Keeper"),
            ("paragraph", None, "Status: final"),
            ("paragraph", None, "Water flows by its weight, see the gates, here and there:"),
            ("code", None, "open\n  --gate 1"),
            ("heading", 2, "Parts"),
            ("list_item", None, "gates,\nof wood"),
            ("list_item", None, "small ones"),
            ("list_item", None, "basins_ clear water [1]"),
            ("list_item", None, "1. first"),
            ("list_item", None, "#. second"),
            ("list_item", None, "term"),
            ("paragraph", None, "its meaning"),
            ("paragraph", None, "Take care"),
            ("paragraph", None, "of it."),
            ("code", None, "print(1)"),
            ("heading", 3, "Wood"),
            (
                "table",
                None,
                "| Day | Litres | Litres |\n| --- | --- | --- |\n| Mon | 1 | 2 |\n| Mon | 3 | 4 |",
            ),
            ("table", None, "| A | B |\n| --- | --- |\n| 1 | 2 two |"),
            ("caption", None, "Flow"),
            ("table", None, "| x | y |\n| --- | --- |\n| 1 | 2, 3 |"),
            ("table", None, "| p | q |\n| --- | --- |\n| r | s |"),
            ("paragraph", None, "A gate"),
            ("code", None, ">>> 1 + 1\n2"),
            ("paragraph", None, "line one\nline two"),
            ("paragraph", None, "A quotation."),
            ("paragraph", None, "[1] The note."),
            ("heading", 4, "End"),
        ]


@pytest.mark.parametrize(
    "source",
    [
        "* " * 50_000 + "x",
        "\n".join(" " * n + "x" for n in range(1_000)),
        "`" * 200_000,
        "x_" * 100_000,
        ":a:`" * 100_000,
        "+-" * 100_000 + "+\n" + "|" * 100_000,
        "+" + "-+" * 3_000 + "\n" + ("|" + " |" * 3_000 + "\n") * 50,
        "= " * 100_000 + "\nx",
        ".. |a| replace:: |a|\n" * 10_000 + "|a|",
        ".. note:: " * 50_000,
        "\n\n".join([".. note::\n"] * 20_000),
        "\\" * 200_000,
        "|" * 200_000 + "\n" + "| x\n" * 50_000,
        "a_ " + "a" * 100_000,
        "a_ " + "a-" * 50_000,
    ],
    ids=range(15),
)
def test_hostile_texts_take_no_time(tmp_path: Path, source: str) -> None:
    try:
        assert extract(tmp_path, source).elements
    except Unprocessable as refusal:
        assert refusal.reason.value == "empty"


@pytest.mark.parametrize("names", [[f"a{number}" for number in range(20)], ["a"] * 20], ids=["of others", "of itself"])
def test_substitutions_that_grow_are_a_bomb(tmp_path: Path, names: list[str]) -> None:
    lines = [".. |a0| replace:: words", ".. |a| replace:: words"]
    lines += [f".. |{new}| replace:: " + f"|{old}| " * 9 for old, new in pairwise(names)]
    with pytest.raises(Unprocessable) as caught:
        extract(tmp_path, "\n".join(lines) + f"\n\nText |{names[-1]}|.\n")
    assert caught.value.reason is Reason.BOMB
