"""What every vector store must do. A test class inherits StoreContract and gives the fixture `store`.

Stores may be dear to start, so `store` may outlive a test: each test works in a collection of its own.
"""

from __future__ import annotations

import copy
import pickle
import threading
import uuid
from collections.abc import Iterator

import numpy as np
import pytest

from blocks.stores.base import CollectionInfo, CollectionRef, Record, Vector, VectorStore
from core.errors import SpaceMismatch, StoreUnavailable

DIMENSION = 32
SPACE = f"model|0123|mean||float|{DIMENSION}"


def unit_vectors(count: int, seed: int = 0, dimension: int = DIMENSION) -> Vector:
    """Random directions: shape (count, dimension), float32, unit length."""
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    unit: Vector = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def records_of(vectors: Vector, per_document: int = 4, prefix: str = "r") -> list[Record]:
    """One record for each row, `per_document` of them to a document."""
    return [
        Record(f"{prefix}{row}", f"document-{row // per_document}", f"text of {prefix}{row}", vector)
        for row, vector in enumerate(vectors)
    ]


def nearest(vectors: Vector, query: Vector, k: int) -> list[int]:
    """Rows of the k nearest, best first, by comparing all."""
    return [int(row) for row in np.argsort(-(vectors @ query), kind="stable")[:k]]


def make_collection(store: VectorStore, dimension: int = DIMENSION, library: str = "papers") -> CollectionRef:
    """A new, empty collection of a name and store id that nobody had before."""
    ref = CollectionRef(f"test-{uuid.uuid4().hex}", str(uuid.uuid4()))
    store.create(ref.name, CollectionInfo(ref.store_id, "acme", library, SPACE, dimension))
    return ref


class StoreContract:
    """Inherit, and give a fixture `store`."""

    @pytest.fixture
    def ref(self, store: VectorStore) -> Iterator[CollectionRef]:
        ref = make_collection(store)
        yield ref
        store.drop(ref)

    def test_a_collection_says_what_it_was_told(self, store: VectorStore, ref: CollectionRef) -> None:
        info = CollectionInfo(ref.store_id, "acme", "papers", SPACE, DIMENSION, 0)
        assert store.describe(ref.name) == info
        assert (ref.name, info) in store.collections()

    def test_a_collection_just_made_is_not_doubted(self, store: VectorStore, ref: CollectionRef) -> None:
        store.trust(ref)
        info = store.describe(ref.name)
        assert info is not None
        assert not info.doubted

    def test_what_was_never_made_is_none(self, store: VectorStore) -> None:
        name = f"test-{uuid.uuid4().hex}"
        assert store.describe(name) is None
        assert name not in [found for found, _ in store.collections()]

    def test_a_name_is_made_once(self, store: VectorStore, ref: CollectionRef) -> None:
        store.upsert(ref, records_of(unit_vectors(3)))
        for store_id in (ref.store_id, str(uuid.uuid4())):
            with pytest.raises(StoreUnavailable):
                store.create(ref.name, CollectionInfo(store_id, "acme", "papers", SPACE, DIMENSION))
        info = store.describe(ref.name)
        assert info is not None
        assert (info.store_id, info.count) == (ref.store_id, 3)

    def test_records_come_back_as_they_went_in(self, store: VectorStore, ref: CollectionRef) -> None:
        vectors = unit_vectors(10)
        records = records_of(vectors)
        store.upsert(ref, records)
        found = {record.id: record for record in store.fetch(ref, [*(r.id for r in records), "missing"])}
        assert {(r.id, r.document_id, r.text) for r in found.values()} == {(r.id, r.document_id, r.text) for r in records}
        for record in records:
            assert found[record.id].vector.dtype == np.float32
            np.testing.assert_allclose(found[record.id].vector, record.vector, atol=1e-6)

    def test_nothing_to_write_or_remove_or_fetch(self, store: VectorStore, ref: CollectionRef) -> None:
        store.upsert(ref, [])
        store.remove(ref, [])
        assert store.fetch(ref, []) == []
        assert list(store.ids(ref)) == []
        assert store.query(ref, unit_vectors(1)[0], 5) == []
        assert store.query(ref, unit_vectors(1)[0], 5, ["document-0"]) == []

    def test_writing_again_changes_nothing(self, store: VectorStore, ref: CollectionRef) -> None:
        vectors = unit_vectors(20)
        for _ in range(2):
            store.upsert(ref, records_of(vectors))
        info = store.describe(ref.name)
        assert info is not None
        assert info.count == 20
        hits = store.query(ref, vectors[0], 20)
        assert [hit.id for hit in hits] == [f"r{row}" for row in nearest(vectors, vectors[0], 20)]

    def test_an_id_written_again_is_replaced(self, store: VectorStore, ref: CollectionRef) -> None:
        old, new = unit_vectors(10, seed=1), unit_vectors(10, seed=2)
        store.upsert(ref, records_of(old))
        store.upsert(ref, [Record(f"r{row}", "other", f"new {row}", vector) for row, vector in enumerate(new)])
        assert {(r.document_id, r.text) for r in store.fetch(ref, ["r3"])} == {("other", "new 3")}
        assert [hit.id for hit in store.query(ref, new[4], 10)] == [f"r{row}" for row in nearest(new, new[4], 10)]
        assert store.query(ref, new[4], 10, ["document-0"]) == []

    def test_the_last_of_one_id_in_a_call_counts(self, store: VectorStore, ref: CollectionRef) -> None:
        first, second = unit_vectors(2)
        store.upsert(ref, [Record("same", "a", "first", first), Record("same", "b", "second", second)])
        assert [(r.document_id, r.text) for r in store.fetch(ref, ["same"])] == [("b", "second")]
        assert store.query(ref, second, 1)[0].score == pytest.approx(1, abs=1e-4)

    def test_what_is_removed_is_gone(self, store: VectorStore, ref: CollectionRef) -> None:
        vectors = unit_vectors(30)
        store.upsert(ref, records_of(vectors))
        gone = [f"r{row}" for row in range(0, 30, 3)]
        store.remove(ref, [*gone, "never-there"])
        store.remove(ref, gone)
        info = store.describe(ref.name)
        assert info is not None
        assert info.count == 20
        assert store.fetch(ref, gone) == []
        expected = [f"r{row}" for row in nearest(vectors, vectors[0], 30) if row % 3]
        assert [hit.id for hit in store.query(ref, vectors[0], 20)] == expected
        assert sorted(id for page in store.ids(ref) for id in page) == sorted(expected)

    def test_hits_are_the_nearest_in_order_with_their_cosine(self, store: VectorStore, ref: CollectionRef) -> None:
        vectors = unit_vectors(200, seed=3)
        store.upsert(ref, records_of(vectors))
        for query in unit_vectors(10, seed=4):
            hits = store.query(ref, query, 10)
            rows = nearest(vectors, query, 10)
            assert [hit.id for hit in hits] == [f"r{row}" for row in rows]
            np.testing.assert_allclose([hit.score for hit in hits], (vectors @ query)[rows], atol=1e-4)

    def test_scores_reach_from_1_to_minus_1(self, store: VectorStore, ref: CollectionRef) -> None:
        vector = unit_vectors(1)[0]
        store.upsert(ref, [Record("same", "d", "t", vector), Record("opposite", "d", "t", -vector)])
        hits = store.query(ref, vector, 2)
        assert [hit.id for hit in hits] == ["same", "opposite"]
        assert [hit.score for hit in hits] == pytest.approx([1, -1], abs=1e-4)
        assert all(-1 <= hit.score <= 1 for hit in hits)

    def test_k_beyond_what_there_is_and_k_of_nothing(self, store: VectorStore, ref: CollectionRef) -> None:
        vectors = unit_vectors(12)
        store.upsert(ref, records_of(vectors))
        assert len(store.query(ref, vectors[0], 1000)) == 12
        assert store.query(ref, vectors[0], 0) == []

    def test_only_of_these_documents(self, store: VectorStore, ref: CollectionRef) -> None:
        vectors = unit_vectors(100, seed=5)
        store.upsert(ref, records_of(vectors))
        wanted = ["document-3", "document-20", "document-20", "no-such-document"]
        rows = [row for row in nearest(vectors, vectors[50], 100) if row // 4 in (3, 20)]
        assert [hit.id for hit in store.query(ref, vectors[50], 5, wanted)] == [f"r{row}" for row in rows[:5]]
        assert [hit.id for hit in store.query(ref, vectors[50], 50, wanted)] == [f"r{row}" for row in rows]
        assert store.query(ref, vectors[50], 5, ["no-such-document"]) == []
        assert store.query(ref, vectors[50], 5, []) == []

    def test_a_filter_of_1500_documents_and_one_of_40000(self, store: VectorStore, ref: CollectionRef) -> None:
        vectors = unit_vectors(2000, seed=6)
        store.upsert(ref, records_of(vectors, per_document=1))
        query = unit_vectors(1, seed=7)[0]
        allowed = [row for row in range(2000) if row % 4]
        best = [row for row in nearest(vectors, query, 2000) if row % 4][:10]
        documents = [f"document-{row}" for row in allowed]
        assert len(documents) == 1500
        assert [hit.id for hit in store.query(ref, query, 10, documents)] == [f"r{row}" for row in best]
        documents += [f"elsewhere-{number}" for number in range(38_500)]
        assert [hit.id for hit in store.query(ref, query, 10, documents)] == [f"r{row}" for row in best]

    def test_ids_come_in_pages_each_once(self, store: VectorStore) -> None:
        ref = make_collection(store, dimension=4)
        store.upsert(ref, records_of(unit_vectors(6_000, seed=8, dimension=4)))
        pages = list(store.ids(ref))
        assert len(pages) > 1
        ids = [id for page in pages for id in page]
        assert len(ids) == 6_000
        assert set(ids) == {f"r{row}" for row in range(6_000)}
        store.drop(ref)

    def test_vectors_of_another_dimension(self, store: VectorStore, ref: CollectionRef) -> None:
        store.upsert(ref, records_of(unit_vectors(5)))
        wrong = unit_vectors(2, dimension=DIMENSION + 1)
        with pytest.raises(SpaceMismatch):
            store.upsert(ref, records_of(wrong, prefix="wrong"))
        with pytest.raises(SpaceMismatch):
            store.query(ref, wrong[0], 1)
        info = store.describe(ref.name)
        assert info is not None
        assert info.count == 5

    def test_the_first_record_too_must_have_the_right_dimension(self, store: VectorStore, ref: CollectionRef) -> None:
        with pytest.raises(SpaceMismatch):
            store.upsert(ref, records_of(unit_vectors(2, dimension=DIMENSION * 2)))
        store.upsert(ref, records_of(unit_vectors(2)))

    def test_another_ledgers_collection_is_not_touched(self, store: VectorStore, ref: CollectionRef) -> None:
        vectors = unit_vectors(5)
        store.upsert(ref, records_of(vectors))
        foreign = CollectionRef(ref.name, str(uuid.uuid4()))
        for call in _calls(store, foreign, vectors):
            with pytest.raises(StoreUnavailable):
                call()
        info = store.describe(ref.name)
        assert info is not None
        assert (info.store_id, info.count) == (ref.store_id, 5)

    def test_a_collection_that_is_not_there(self, store: VectorStore) -> None:
        missing = CollectionRef(f"test-{uuid.uuid4().hex}", str(uuid.uuid4()))
        *calls, drop = _calls(store, missing, unit_vectors(5))
        for call in calls:
            with pytest.raises(StoreUnavailable):
                call()
        drop()
        assert store.describe(missing.name) is None

    def test_drop_takes_this_collection_and_no_other(self, store: VectorStore, ref: CollectionRef) -> None:
        other = make_collection(store, library="letters")
        store.upsert(ref, records_of(unit_vectors(5)))
        store.upsert(other, records_of(unit_vectors(7)))
        store.drop(other)
        store.drop(other)
        assert store.describe(other.name) is None
        info = store.describe(ref.name)
        assert info is not None
        assert info.count == 5
        store.create(other.name, CollectionInfo(other.store_id, "acme", "letters", SPACE, DIMENSION))
        assert store.query(other, unit_vectors(1)[0], 5) == []
        store.drop(other)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "a\0b",
            "line\r\nline\u2028line",
            "\ufeffbom",
            "\ufffe\uffff",
            "e\u0301 \u00e9",
            "\U0001f30a",
            "half \ud83c",
            "{}",
        ],
        ids=ascii,
    )
    def test_texts_of_any_characters(self, store: VectorStore, ref: CollectionRef, text: str) -> None:
        store.upsert(ref, [Record("odd", "document", text, unit_vectors(1)[0])])
        assert [record.text for record in store.fetch(ref, ["odd"])] == [text]

    def test_a_long_text(self, store: VectorStore, ref: CollectionRef) -> None:
        text = "água mole em pedra dura " * 10_000
        store.upsert(ref, [Record("long", "document", text, unit_vectors(1)[0])])
        assert [record.text for record in store.fetch(ref, ["long"])] == [text]

    def test_churn_keeps_recall(self, store: VectorStore, ref: CollectionRef) -> None:
        """2,000 vectors, then three times a quarter of them exchanged: recall@10 against comparing all."""
        vectors = unit_vectors(2000, seed=9)
        store.upsert(ref, records_of(vectors))
        random = np.random.default_rng(10)
        for turn in range(3):
            rows = random.choice(2000, 500, replace=False)
            store.remove(ref, [f"r{row}" for row in rows[:300]])
            vectors[rows] = unit_vectors(500, seed=11 + turn)
            store.upsert(ref, [Record(f"r{row}", "new", "new", vectors[row]) for row in rows])
        found = 0
        for query in unit_vectors(50, seed=20):
            hits = store.query(ref, query, 10)
            assert len(hits) == 10
            found += len({hit.id for hit in hits} & {f"r{row}" for row in nearest(vectors, query, 10)})
        assert found / 500 >= 0.95

    def test_every_record_is_found_after_deletions(self, store: VectorStore, ref: CollectionRef) -> None:
        vectors = unit_vectors(1500, seed=30)
        store.upsert(ref, records_of(vectors))
        store.remove(ref, [f"r{row}" for row in range(1500) if row % 10])
        assert {hit.id for hit in store.query(ref, vectors[0], 150)} == {f"r{row}" for row in range(0, 1500, 10)}

    def test_searching_while_another_thread_writes(self, store: VectorStore, ref: CollectionRef) -> None:
        vectors = unit_vectors(1500, seed=40)
        records = records_of(vectors)
        store.upsert(ref, records[:100])
        writing = threading.Event()
        writing.set()
        failures: list[BaseException] = []

        def write() -> None:
            try:
                for start in range(100, 1500, 100):
                    store.upsert(ref, records[start : start + 100])
                    store.remove(ref, [f"r{row}" for row in range(start, start + 50)])
            except BaseException as exc:
                failures.append(exc)
            finally:
                writing.clear()

        writer = threading.Thread(target=write)
        writer.start()
        searches = 0
        while writing.is_set():
            hits = store.query(ref, vectors[searches % 100], 5)
            assert hits[0].id == f"r{searches % 100}"
            assert len(store.fetch(ref, ["r0", "r99"])) == 2
            searches += 1
        writer.join()
        assert not failures
        assert searches
        info = store.describe(ref.name)
        assert info is not None
        assert info.count == 100 + 1400 - 14 * 50

    def test_many_threads(self, store: VectorStore, ref: CollectionRef) -> None:
        vectors = unit_vectors(400, seed=50)
        records = records_of(vectors)
        failures: list[BaseException] = []

        def work(part: int) -> None:
            try:
                mine = records[part * 50 : part * 50 + 50]
                store.upsert(ref, mine)
                assert {record.id for record in store.fetch(ref, [record.id for record in mine])} == {r.id for r in mine}
                assert store.query(ref, mine[7].vector, 1)[0].id == mine[7].id
            except BaseException as exc:
                failures.append(exc)

        threads = [threading.Thread(target=work, args=(part,)) for part in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert [hit.id for hit in store.query(ref, vectors[0], 400)] == [f"r{row}" for row in nearest(vectors, vectors[0], 400)]

    def test_close_lets_go_and_the_next_call_connects(self, store: VectorStore, ref: CollectionRef) -> None:
        store.upsert(ref, records_of(unit_vectors(3)))
        store.close()
        store.close()
        info = store.describe(ref.name)
        assert info is not None
        assert info.count == 3

    def test_a_copy_and_a_pickled_one_reach_the_same_records(self, store: VectorStore, ref: CollectionRef) -> None:
        store.upsert(ref, records_of(unit_vectors(3)))
        for other in (pickle.loads(pickle.dumps(store)), copy.deepcopy(store), type(store)(**store.model_dump())):
            assert other.model_dump() == store.model_dump()
            assert len(other.fetch(ref, ["r0", "r1", "r2"])) == 3
            other.close()


def _calls(store: VectorStore, ref: CollectionRef, vectors: Vector):  # type: ignore[no-untyped-def]
    """Every call that takes a CollectionRef; drop last."""
    return [
        lambda: store.upsert(ref, records_of(vectors)),
        lambda: store.remove(ref, ["r0"]),
        lambda: store.query(ref, vectors[0], 1),
        lambda: store.query(ref, vectors[0], 1, ["document-0"]),
        lambda: store.fetch(ref, ["r0"]),
        lambda: list(store.ids(ref)),
        lambda: store.drop(ref),
    ]
