from __future__ import annotations

import numpy as np
import pytest

from components.catalog import UserError
from components.datagen import layout
from components.datagen.problem import Cut
from components.datagen.spool import Spool


def spool(
    split: str, inputs: list[int], targets: list[int] | None = None, size: int = 100
) -> Spool:
    return Spool(
        split,
        inputs=np.array(inputs, np.uint64),
        targets=np.array(inputs if targets is None else targets, np.uint64),
        empty=np.zeros(len(inputs), bool),
        bytes=size,
    )


def three(train: list[int], dev: list[int], test: list[int]) -> dict[str, layout.Rows]:
    spools = {"train": spool("train", train), "dev": spool("dev", dev), "test": spool("test", test)}
    return layout.cut(spools, {}, 0)


def test_splitmix64_is_the_published_one():
    # The first output of the generator seeded with 1234567 (Vigna's reference implementation).
    assert int(layout.scrambled(np.array([1234567], np.uint64))[0]) == 6457827717110365317


def test_the_last_rows_are_cut():
    spools = {"train": spool("train", list(range(10))), "test": spool("test", [1])}
    rows = layout.cut(spools, {"dev": Cut("train", 3, "last")}, 0)
    assert rows["train"].index.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert rows["dev"].index.tolist() == [7, 8, 9]


def test_rows_cut_anywhere_depend_on_content_and_keep_equal_inputs_together():
    inputs = [5, 6, 7, 8] * 3
    spools = {"train": spool("train", inputs), "test": spool("test", [1])}
    rows = layout.cut(spools, {"dev": Cut("train", 3)}, 0)
    assert len(set(rows["dev"].inputs.tolist())) == 1
    again = {"train": spool("train", inputs[::-1]), "test": spool("test", [1])}
    other = layout.cut(again, {"dev": Cut("train", 3)}, 0)
    assert set(other["dev"].inputs.tolist()) == set(rows["dev"].inputs.tolist())


def test_a_group_of_equal_inputs_goes_whole_into_a_cut():
    spools = {"train": spool("train", [5, 6, 7, 8] * 3), "test": spool("test", [1])}
    rows = layout.cut(spools, {"dev": Cut("train", 4)}, 0)
    assert len(rows["dev"].index) == 6 and len(rows["train"].index) == 6
    assert not set(rows["dev"].inputs.tolist()) & set(rows["train"].inputs.tolist())
    with pytest.raises(UserError, match="dev: cannot cut 10 .* its 12 rows are too few different"):
        layout.cut(spools, {"dev": Cut("train", 10)}, 0)


@pytest.mark.parametrize("where", ["anywhere", "last"])
def test_a_cut_by_inputs_has_the_first_row_of_each(where):
    inputs = [5, 5, 6, 6, 7, 7, 8, 8]
    spools = {"train": spool("train", inputs), "test": spool("test", [1])}
    rows = layout.cut(spools, {"dev": Cut("train", 3, where)}, 0, by_input=True)
    assert len(rows["train"].index) == 2
    assert len(rows["dev"].index) == 3 and not (rows["dev"].index % 2).any()
    if where == "last":
        assert rows["dev"].index.tolist() == [2, 4, 6]
    with pytest.raises(UserError, match="train, which has 4 different inputs"):
        layout.cut(spools, {"dev": Cut("train", 4, where)}, 0, by_input=True)


def test_a_cut_of_what_a_class_is_made_into_takes_no_class_away():
    spools = {"train": spool("train", [5, 6] * 10, list(range(20))), "test": spool("test", [1])}
    rows = layout.cut(spools, {"dev": Cut("train", 8)}, 0, classes_in=True)
    assert len(rows["dev"].index) == 8
    assert set(rows["dev"].inputs.tolist()) == set(rows["train"].inputs.tolist()) == {5, 6}


def test_a_cut_of_a_cut_waits_for_it():
    spools = {"train": spool("train", list(range(10)))}
    cuts = {"dev": Cut("test", 2, "last"), "test": Cut("train", 4, "last")}
    rows = layout.cut(spools, cuts, 0)
    found = [rows[name].index.tolist() for name in ("train", "dev", "test")]
    assert found == [[0, 1, 2, 3, 4, 5], [8, 9], [6, 7]]


def test_two_cuts_of_one_split_share_no_row():
    spools = {"train": spool("train", list(range(100)))}
    rows = layout.cut(spools, {"dev": Cut("train", 10), "test": Cut("train", 20)}, 1)
    together = np.concatenate([rows[name].index for name in ("train", "dev", "test")])
    assert sorted(together.tolist()) == list(range(100))
    assert [len(rows[name].index) for name in ("train", "dev", "test")] == [70, 10, 20]


def test_a_cut_of_everything_is_an_error():
    spools = {"train": spool("train", [1, 2]), "test": spool("test", [1])}
    with pytest.raises(UserError, match="dev: cannot cut 2 examples from train, which has 2"):
        layout.cut(spools, {"dev": Cut("train", 2)}, 0)


def test_train_is_shuffled_by_the_seed_and_dev_keeps_its_order():
    rows = three(list(range(50)), list(range(50, 60)), [99])
    placed = layout.place(rows, (), 0, 1)[0]
    assert sorted(placed["train"].position) == list(range(50))
    assert placed["train"].position.tolist() != list(range(50))
    assert placed["dev"].position.tolist() == list(range(10))
    other = layout.place(rows, (), 0, 2)[0]
    assert other["train"].position.tolist() != placed["train"].position.tolist()


def test_duplicates_and_leaks_are_counted_and_dropped_only_if_asked():
    rows = three([1, 2, 2, 2, 3], [3, 4], [4, 9])
    placed, counts, leakage = layout.place(rows, (), 0, 0)
    assert counts["train"] == {"read": 5, "duplicates": 2, "empty": 0, "leaked": 1}
    assert placed["train"].kept == 5
    assert leakage["dev_in_train"] == {"rows": 1, "inputs": 1, "of": 2}
    assert leakage["test_in_dev"] == {"rows": 1, "inputs": 1, "of": 2}
    assert leakage["test_in_train"] == {"rows": 0, "inputs": 0, "of": 2}
    dropped = layout.place(rows, ("duplicates", "leaked"), 0, 0)[0]["train"]
    assert dropped.kept == 2
    assert (dropped.position == layout.DROPPED).tolist() == [False, False, True, True, True]


def test_equal_inputs_with_other_targets_leak_by_inputs_only():
    spools = {
        "train": spool("train", [1, 2], [5, 6]),
        "dev": spool("dev", [1], [7]),
        "test": spool("test", [9]),
    }
    leakage = layout.place(layout.cut(spools, {}, 0), (), 0, 0)[2]
    assert leakage["dev_in_train"] == {"rows": 0, "inputs": 1, "of": 1}


def test_shards_follow_the_size_or_the_wish():
    rows = three(list(range(10)), [11], [12])
    rows["train"].spool.bytes = 3 * layout.SHARD_BYTES - 1
    assert layout.place(rows, (), 0, 0)[0]["train"].shards == 3
    assert layout.place(rows, (), 7, 0)[0]["train"].shards == 7
    assert layout.place(rows, (), 99, 0)[0]["train"].shards == 10


def test_dropping_everything_is_an_error():
    with pytest.raises(UserError, match="train: no row is left of 1"):
        layout.place(three([3], [3], [4]), ("leaked",), 0, 0)
