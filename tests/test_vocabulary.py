"""The tables of the vocabulary fit their codes: read from its source, since a code is only a number at run time."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gmplab import vocabulary

# Each table of names, its first and its last code. Codes are all that stand between these two in the source.
TABLES = {
    "LEVELS": ("LEVEL_OFF", "LEVEL_CALLS"), "G_STATUSES": ("GIDLE", "GDEAD"), "P_STATUSES": ("PIDLE", "PDEAD"),
    "G_KINDS": ("KIND_USER", "KIND_SYSTEM"), "CALLERS": ("CALL_MSTART", "CALL_HELD"),
    "SOURCES": ("SRC_RUNNEXT", "SRC_INJECTED"), "QUEUES": ("Q_NONE", "Q_BATCH"),
    "WAIT_REASONS": ("WAIT_NONE", "WAIT_FORCE_GC"), "STOPS": ("STOP_GOSCHED", "STOP_CHILD"),
    "WHYS": ("WHY_NONE", "WHY_TIMER"), "HANDOFFS": ("HANDOFF_WORK", "HANDOFF_IDLE"),
    "RETAKES": ("RETAKE_SYSMON", "RETAKE_POLICY"), "GC_PHASES": ("GC_OFF", "GC_TERMINATION"),
    "GC_WORKER_MODES": ("GCW_NONE", "GCW_IDLE"), "STWS": ("STW_SWEEP_TERM", "STW_GC"),
    "SPIN_ENDS": ("SPIN_FOUND", "SPIN_GCSTOP"), "POLLS": ("POLL_NONBLOCKING", "POLL_START_WORLD"),
    "MODES": ("IN_RUNNING", "IN_STARTING"), "EVENT_KINDS": ("GO_CREATE", "CPU_RUN"), "STEP_CODES": ("STEP_ON", "STEP_CALL"),
}
# Code 0 has no constant: it stands for "not at all".
FROM_ONE = {"HANDOFFS", "RETAKES"}
# Go leaves 5 free (it was _Gmoribund), and so do we.
GAPS = {"G_STATUSES": {5}}
# Whose names are their constants' names, without the prefix.
SPELLED_ALIKE = {"EVENT_KINDS": "", "SOURCES": "SRC_", "QUEUES": "Q_", "MODES": "IN_", "STEP_CODES": "STEP_"}


def constants() -> dict[str, int]:
    """The module's int constants, in the order in which they stand."""
    tree = ast.parse(Path(vocabulary.__file__).read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            assert node.target.id not in found, f"{node.target.id} is defined twice"
            value = getattr(vocabulary, node.target.id)
            if type(value) is int:
                found[node.target.id] = value
    return found


def codes_of(table: str) -> dict[str, int]:
    names = list(constants())
    first, last = TABLES[table]
    return {name: getattr(vocabulary, name) for name in names[names.index(first) : names.index(last) + 1]}


def test_every_table_of_names_is_checked_here() -> None:
    tables = {
        name for name, value in vars(vocabulary).items()
        if isinstance(value, tuple) and value and all(isinstance(word, str) for word in value)
    }
    # Not codes of their own: the functions are numbered by FN.
    assert tables == set(TABLES) | {"FUNCTIONS"}


def test_every_code_belongs_to_one_table() -> None:
    in_tables = [name for table in TABLES for name in codes_of(table)]
    assert len(in_tables) == len(set(in_tables))
    others = set(constants()) - set(in_tables)
    assert others == {
        "MODEL", "NO_G", "NO_M", "NO_P", "MAX_PROCS", "N_MODES", "SCHEDULE_WORDS", "EVENT_WORDS", "GOROUTINE_WORDS",
        "CALL_WORDS", "HISTOGRAM_SUB_BITS", "HISTOGRAM_BUCKETS",
    }


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_a_name_for_each_code_and_no_code_twice(table: str) -> None:
    names = getattr(vocabulary, table)
    codes = list(codes_of(table).values())
    start = 1 if table in FROM_ONE else 0
    assert codes == [code for code in range(start, len(names)) if code not in GAPS.get(table, set())]


@pytest.mark.parametrize("table", [*TABLES, "FUNCTIONS"])
def test_no_name_stands_twice_in_a_table(table: str) -> None:
    names = getattr(vocabulary, table)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("table", SPELLED_ALIKE)
def test_names_stand_in_the_order_of_their_codes(table: str) -> None:
    spelled = [name.removeprefix(SPELLED_ALIKE[table]).replace("_", "").lower() for name in codes_of(table)]
    assert spelled == [name.replace("_", "").lower() for name in getattr(vocabulary, table)]


def test_the_first_name_is_empty_where_the_first_code_means_nothing() -> None:
    empty_first = {table for table in TABLES if getattr(vocabulary, table)[0] == ""}
    assert empty_first == {"WAIT_REASONS", "WHYS", "HANDOFFS", "RETAKES"}
    assert not any("" in getattr(vocabulary, table)[1:] for table in TABLES)


def test_reasons_are_told_for_event_kinds_by_tables_of_names() -> None:
    kinds = set(codes_of("EVENT_KINDS").values())
    tables = [getattr(vocabulary, table) for table in TABLES]
    for kind, table in vocabulary.REASONS_OF.items():
        assert kind in kinds
        assert any(table is known for known in tables), vocabulary.EVENT_KINDS[kind]


def test_functions_are_numbered_in_order() -> None:
    assert list(vocabulary.FN) == list(vocabulary.FUNCTIONS)
    assert list(vocabulary.FN.values()) == list(range(len(vocabulary.FUNCTIONS)))


def test_codes_fit_their_bits_in_a_stored_row() -> None:
    # SCHEDULE_WORDS, EVENT_WORDS: 8 bits each for kind, reason, source and caller; 16 for p + 1.
    for table in TABLES:
        assert len(getattr(vocabulary, table)) <= 1 << 8, table
    assert vocabulary.MAX_PROCS + 1 < 1 << 16
    assert len(vocabulary.FUNCTIONS) < 1 << 31


def test_a_stored_row_is_at_most_64_bytes() -> None:
    for words in ("SCHEDULE_WORDS", "EVENT_WORDS", "GOROUTINE_WORDS", "CALL_WORDS"):
        assert 8 * getattr(vocabulary, words) <= 64


def test_every_duration_has_a_bucket_of_the_histogram() -> None:
    # v < 64: bucket v; else e * 32 + (v >> e) with e = v.bit_length() - 6.
    longest = (1 << 63) - 1
    e = longest.bit_length() - (vocabulary.HISTOGRAM_SUB_BITS + 1)
    assert e * (1 << vocabulary.HISTOGRAM_SUB_BITS) + (longest >> e) < vocabulary.HISTOGRAM_BUCKETS


def test_modes_are_counted() -> None:
    assert len(vocabulary.MODES) == vocabulary.N_MODES


def test_none_is_the_same_number_for_all_ids() -> None:
    assert vocabulary.NO_G == vocabulary.NO_M == vocabulary.NO_P == -1


def test_versions_are_what_they_say() -> None:
    major, minor = vocabulary.SCHEMA
    assert major >= 1 and minor >= 0 and vocabulary.MODEL >= 1
    assert vocabulary.GO_VERSION.partition(".")[0] == "1"
