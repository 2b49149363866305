"""`%gmp` and `%%gmp` in a shell, as a notebook's kernel has one."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

import gmplab as gl
from gmplab.commands.tree import COMMANDS, actions
from gmplab.jupyter.magics import GmpMagics, matcher
from gmplab.jupyter.words import CELL, LINE, OF_THE_SHELL
from gmplab.plots.plot import Plot
from gmplab.traces.run import Run
from gmplab.jupyter.twin import WIDGET
from shells import Shell, displayed

SMALL = "%gmp run fanout --set n=5 -P 2"


# --- a line -----------------------------------------------------------------------------------------------------------
def test_the_value_of_run_is_the_run_and_the_last_result(shell: Shell) -> None:
    run = shell.run(SMALL)
    assert isinstance(run, Run) and run is gl.last
    assert run.digest == gl.run("fanout", n=5, procs=2).digest


def test_a_result_is_kept_in_a_variable_and_shown_nonetheless(shell: Shell) -> None:
    value, said = shell.told(f"{SMALL} -o kept")
    assert shell.shell.user_ns["kept"] is value and "fanout under go, P=2" in said


def test_quiet_shows_and_returns_nothing(shell: Shell) -> None:
    assert shell.told(f"{SMALL} -o kept -q") == (None, "")
    assert isinstance(shell.shell.user_ns["kept"], Run)


def test_a_semicolon_silences_the_output_and_is_no_part_of_the_line(shell: Shell) -> None:
    assert shell.told(f"{SMALL};")[1] == ""
    assert shell.told(f"x = {SMALL};")[1] == "" and isinstance(shell.shell.user_ns["x"], Run)


def test_names_in_braces_and_after_a_dollar_are_the_notebooks_also_in_a_loop_and_a_function(shell: Shell) -> None:
    shell.run("for p in (1, 3):\n    %gmp run fanout --set n=5 -P {p} -q -o r{p}")
    assert [shell.shell.user_ns[f"r{p}"].record.header["procs"] for p in (1, 3)] == [1, 3]
    shell.run("def f(seed):\n    return get_ipython().run_line_magic('gmp', 'run fanout --set n=5 -s $seed')\nr = f(9)")
    assert shell.shell.user_ns["r"].record.header["seed"] == 9


def test_a_typing_error_is_one_line_with_the_nearest_name(shell: Shell) -> None:
    for typed, told in {
        "%gmp rnu fanout": "%gmp: no command 'rnu'; did you mean 'run'?",
        "%gmp run fanuot": "workload 'fanuot': no such workload; did you mean 'fanout'?",
        "%gmp run fanout --recrod full": "%gmp run: no option '--recrod'; did you mean '--record'?",
        "%gmp run fanout --policy goo": "policy 'goo': no such preset; did you mean 'go'?",
        "%gmp run fanout -P 0": "procs = 0: must be an int of 1 to 65534 Ps",
        "%gmp run 'fanout": "%gmp run 'fanout: No closing quotation",
        "%gmp run fanout -o 3x": "-o 3x: must be a variable's name",
        "%gmp plot latncy": "plot latncy: there is no such plot; did you mean 'latency'?",
    }.items():
        if "plot" in typed:
            shell.run(f"{SMALL} -q")
        with pytest.raises(UsageError) as e:
            shell.run(typed)
        assert str(e.value) == told
        assert type(e.value) is UsageError, "the shell shows a subclass as a traceback"


def test_help_is_there_for_each_command_and_names_the_magic(shell: Shell) -> None:
    assert shell.told("%gmp -h")[1].startswith("usage: %gmp [-h] COMMAND")
    for command in LINE:
        said = shell.told(f"%gmp {command} -h")[1]
        assert said.startswith(f"usage: %gmp {command}"), command
        assert shell.told(f"%gmp help {command}")[1] == said
    for command in CELL:
        assert shell.told(f"%%gmp {command} -h\npass")[1].startswith(f"usage: %%gmp {command}")
    with pytest.raises(UsageError, match="no such command; did you mean 'run'"):
        shell.run("%gmp help rum")


def test_the_notebook_has_each_command_and_option_of_the_shell(shell: Shell) -> None:
    assert set(COMMANDS) - set(LINE) <= OF_THE_SHELL
    for command in set(COMMANDS) & set(LINE) - {"help"}:
        in_shell = {a.dest for a in actions(COMMANDS[command][0])}
        assert {a.dest for a in actions(LINE[command][0])} == in_shell | {"var", "quiet"}


def test_alone_it_says_where_one_is_and_what_to_type_next(shell: Shell) -> None:
    lines = repr(shell.run("%gmp")).split("\n")
    assert [line.split()[0] for line in lines] == ["gmplab", "defaults", "policies", "last", "next"]
    assert lines[1].startswith("defaults  procs=4, policy=go, seed=1, record=full") and lines[3] == "last      none yet"
    shell.run(f"{SMALL} -q")
    assert repr(shell.run("%gmp")).split("\n")[3] == "last      run        fanout under go, P=2, seed 1, complete"


def test_config_sets_what_is_not_typed(shell: Shell) -> None:
    shell.run("%config GmpMagics.procs = 3\n%config GmpMagics.seed = 7")
    shell.run("%gmp run fanout --set n=5 -q -o a\n%gmp run fanout --set n=5 -P 2 -q -o b")
    assert [shell.shell.user_ns[x].record.header["procs"] for x in "ab"] == [3, 2]
    assert shell.shell.user_ns["a"].record.header["seed"] == 7
    shell.run("%config GmpMagics.procs = 0")
    assert shell.run("%gmp").defaults["procs"] == 3, "a value out of bounds is told and not taken"


def test_config_lets_widgets_show_their_twins_alone_and_ask_the_kernel_sooner(shell: Shell) -> None:
    shell.run(f"{SMALL} -q -o mine\n%config GmpMagics.static = True\n%config GmpMagics.max_inline_spans = 3")
    timeline = shell.shell.user_ns["mine"].view.timeline()
    (shown,) = displayed(timeline)
    assert shown["text/html"] == timeline.twin() and WIDGET not in shown
    assert "P" not in timeline.inline and timeline.reply({"part": "P"})
    shell.run("%config GmpMagics.static = False\n%config GmpMagics.max_inline_spans = 12_000")
    assert WIDGET in displayed(timeline)[0] and "P" in shell.shell.user_ns["mine"].view.timeline().inline


def test_bars_are_off_in_ci_unless_they_are_asked_for(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def bars() -> bool:
        return next(bool(x.progress) for x in shell.shell.configurables if isinstance(x, GmpMagics))

    for ci, shown in (("", True), ("true", False)):
        monkeypatch.setenv("CI", ci)
        shell.run("%reload_ext gmplab")
        assert bars() is shown
    shell.run("%config GmpMagics.progress = True")
    assert bars()


def test_a_widget_shows_a_run_from_a_file_or_a_folder_of_tables(shell: Shell) -> None:
    shell.run(f"{SMALL} -q -o mine\nmine.save('kept.gmp')\nmine.to_csv('tables')")
    for where in ("kept.gmp", "tables"):
        assert shell.run(f"%gmp step {where} --g 2").run.digest == shell.shell.user_ns["mine"].digest


def test_code_is_the_python_that_does_the_same(shell: Shell) -> None:
    text = repr(shell.run("%gmp run fanout --set n=5 compute='exp(3us)' -P 2 --steal StealOne -s 4 --until 2ms --code"))
    assert text.split("\n")[2:] == [
        'run = gl.run("fanout", procs=2, until="2ms", policy=gl.policy_of("go").replace(steal=gl.StealOne()), seed=4, n=5, '
        'compute="exp(3us)")',
        "run",
    ]
    assert gl.last is None, "it only prints"
    scope: dict[str, Any] = {}
    exec(text, scope)
    typed = shell.run("%gmp run fanout --set n=5 compute='exp(3us)' -P 2 --steal StealOne -s 4 --until 2ms")
    assert scope["run"].digest == typed.digest


def test_compare_plot_list_check_and_export_give_what_the_functions_give(shell: Shell) -> None:
    compared = shell.run("%gmp compare go go1.14 -w fanout --set n=5 --seeds 0:2 --metrics wait_mean_ns")
    assert compared.frame.equals(gl.compare(["go", "go1.14"], "fanout", n=5, seeds=range(2), metrics=["wait_mean_ns"]).frame)
    shell.run(f"{SMALL} -q -o mine")
    drawn = shell.run("%gmp plot latency mine --save l.svg")
    assert isinstance(drawn, Plot) and Path("l.svg").is_file()
    assert "fanout" in repr(shell.run("%gmp list workloads"))
    assert [f.rule for f in shell.run("%gmp explain mine")] == [f.rule for f in shell.shell.user_ns["mine"].findings()]
    assert "keeps its contract" in repr(shell.run("%gmp check go1.1"))
    value, said = shell.told("%gmp export mine --csv out")
    assert value is shell.shell.user_ns["mine"] and said.startswith("wrote csv: out\n")
    assert gl.read_csv("out").digest == value.digest
    shell.run("%gmp export --html page.html -q")
    assert "fanout under go, P=2, seed 1" in Path("page.html").read_text(encoding="utf-8")


def test_a_sweep_is_the_last_result_and_a_plot_then_needs_a_run(shell: Shell) -> None:
    made = shell.run("%gmp sweep --vary P=1,2 -w fanout --set n=5 --seeds 0:2 -o swept")
    assert made is gl.last is shell.shell.user_ns["swept"] and list(made.frame["procs"]) == [1, 1, 2, 2]
    with pytest.raises(UsageError, match="the last result is a Sweep: say which run"):
        shell.run("%gmp plot latency")


def test_a_run_is_the_last_one_or_a_variable_or_a_file_and_anything_else_is_told(shell: Shell) -> None:
    with pytest.raises(UsageError, match="there is no run yet: %gmp run WORKLOAD"):
        shell.run("%gmp plot latency")
    shell.run(f"{SMALL} -q -o mine\nnumber = 3\nmine.save('kept.gmp')")
    assert shell.run("%gmp plot latency").data.equals(shell.run("%gmp plot latency kept.gmp").data)
    with pytest.raises(UsageError, match="mein: is no variable and no file; did you mean 'mine'?"):
        shell.run("%gmp plot latency mein")
    with pytest.raises(UsageError, match="number: is a int, not a run"):
        shell.run("%gmp plot latency number")


def test_explain_of_a_goroutine_or_a_p_says_where_its_time_went(shell: Shell) -> None:
    shell.run("%gmp run mixed_io -P 3 -q -o mine")
    run = shell.shell.user_ns["mine"]
    said = repr(shell.run("%gmp explain g6"))
    assert said.startswith("G6 handler\n") and "ran while it was runnable\n" in said and "findings that name it" in said
    most = run.antagonists(6).iloc[0]
    assert f"G{most['g']} {most['name']}" in said
    said = repr(shell.run("%gmp explain mine P2"))
    assert said.startswith("P2\n") and "running" in said
    assert f"{(run.steals['p'] == 2).sum()} time" in said and f"{(run.steals['victim_p'] == 2).sum()} time" in said
    for typed, told in {
        "mine 7": "explain 7: must be a goroutine or a P, as G7 or P2",
        "G99": "explain G99: there is no such goroutine: this run has G1 to G25",
        "P3": "explain P3: there is no such P: this run has P0 to P2",
    }.items():
        with pytest.raises(UsageError) as e:
            shell.run(f"%gmp explain {typed}")
        assert str(e.value) == told


def test_results_are_the_variables_that_hold_them(shell: Shell) -> None:
    assert repr(shell.run("%gmp list results")).startswith("results\n  none  run something with -o VAR")
    shell.run(f"{SMALL} -q -o mine\nnumber = 3\n%gmp sweep --vary P=1,2 -w fanout --set n=5 --seeds 0:1 -q -o swept")
    lines = repr(shell.run("%gmp list results")).split("\n")
    assert [line.split()[0] for line in lines] == ["results", "mine", "swept"] and "fanout under go, P=2" in lines[1]


def test_step_begins_at_an_instant_or_where_a_goroutine_is_made(shell: Shell) -> None:
    shell.run(f"{SMALL} -q -o mine")
    made = shell.shell.user_ns["mine"].goroutines.set_index("g")["created_ns"]
    stepper = shell.run("%gmp step mine -g 3")
    assert (stepper.time_ns, stepper.selected_g) == (made[3], 3)
    assert stepper.run.story(made[3], made[3] + 1)["sentence"].iloc[-1].startswith("G1 makes G3")
    assert shell.run("%gmp step --at 2us").time_ns == 2_000
    with pytest.raises(UsageError, match="step -g 9: there is no such goroutine: this run has 1 to 6"):
        shell.run("%gmp step -g 9")


def test_step_begins_where_a_condition_comes_true_and_a_run_ends_there(shell: Shell) -> None:
    shell.run(f"{SMALL} -q -o mine")
    row = shell.shell.user_ns["mine"].when("P[0].depth >= 3").index[0]
    stepper = shell.run("%gmp step mine --when 'P[0].depth >= 3'")
    assert (stepper.step, stepper.time_ns) == (row, shell.shell.user_ns["mine"].events["t_ns"][row])
    assert shell.run(f"{SMALL} --when 'P[0].depth >= 3'").stopped_by == "when"
    for typed, told in {
        "--when 'threads > 99'": "when = 'threads > 99': never comes true in this run",
        "--when 'thread > 9'": "when = 'thread > 9': there is no 'thread'; did you mean 'threads'?",
        "--when 'threads > 3' --at 1us": "%gmp step --at 1us --when ...: it begins at one of them",
    }.items():
        with pytest.raises(UsageError) as e:
            shell.run(f"%gmp step mine {typed}")
        assert str(e.value) == told


# --- a cell -----------------------------------------------------------------------------------------------------------
def test_a_cell_is_the_main_goroutine_with_the_verbs_in_scope(shell: Shell) -> None:
    run = shell.run("%%gmp -P 2\ndef worker(n):\n    compute(us=n)\nfor i in range(3):\n    go(worker, i + 1)\nsleep(us=50)\nreturn 7")
    assert run.result == 7 and list(run.goroutines["name"].astype(str)) == ["main", "worker", "worker", "worker"]


@pytest.mark.parametrize(("said", "form"), [("yield {}", "generator"), ("await {}", "coroutine"), ("{}", "plain function")])
def test_the_cell_may_be_any_of_the_three_forms_of_a_body(shell: Shell, said: str, form: str) -> None:
    verb = said.format
    run = shell.run(f"%%gmp\nch = Chan(1)\n{verb('send(ch, 4)')}\nx = {verb('recv(ch)')}\n{verb('compute(us=2)')}\nreturn x")
    assert run.result == 4, form


def test_a_cell_on_threads_may_move_or_keeps_its_thread(shell: Shell) -> None:
    run = shell.run("%%gmp --on threads -P 2\nyield sleep(us=10)\nreturn 7")
    assert (run.result, run.record.header["on"]) == (7, "threads")
    with pytest.raises(gl.BodyError, match="--lock-plain"):
        shell.run("%%gmp --on threads\nsleep(us=10)")
    assert shell.run("%%gmp --on threads --lock-plain\nsleep(us=10)\nreturn 8").result == 8


def test_a_timer_is_in_a_cells_scope_as_its_verbs_are(shell: Shell) -> None:
    assert shell.run("%%gmp --costs zero\nt = Timer()\nreset(t, us=5)\nreturn recv(t.c)").result == 5_000


def test_a_cell_that_yields_and_awaits_is_refused(shell: Shell) -> None:
    with pytest.raises(UsageError, match="this cell is both"):
        shell.run("%%gmp\nyield compute(us=1)\nawait compute(us=1)")


def test_a_name_of_the_users_own_is_as_it_was_after_the_cell(shell: Shell) -> None:
    shell.run("select = go = 'mine'\nlog = print\nother = 5")
    run = shell.run("%%gmp\ndef f():\n    compute(us=1)\ngo(f)\nselect = other + 1\nreturn select")
    assert run.result == 6 and [shell.shell.user_ns[x] for x in ("select", "go", "other")] == ["mine", "mine", 5]
    assert shell.shell.user_ns["log"] is print and "compute" not in shell.shell.user_ns and "f" not in shell.shell.user_ns


def test_global_gives_a_name_to_the_notebook(shell: Shell) -> None:
    shell.run("%%gmp\nglobal seen\nseen = 3\ncompute(us=1)")
    assert shell.shell.user_ns["seen"] == 3


def test_braces_and_dollars_in_the_cell_are_its_own(shell: Shell) -> None:
    assert shell.run("%%gmp -P {1 + 1}\nx = {'a': 1}\ncompute(us=1)\nreturn '$x {x}'").result == "$x {x}"


def test_an_error_of_the_cell_names_its_own_line_and_keeps_the_record(shell: Shell) -> None:
    said = shell.shown_error("%%gmp -P 2 -o kept\ncompute(us=1)\n\n1 / 0")
    assert "----> 4 1 / 0" in said and "ZeroDivisionError: division by zero" in said
    assert f"Cell In[{shell.shell.execution_count - 1}], line 4" in said
    assert "gmplab/runtime" not in said, "frames above the cell's are gmplab's own"
    kept = shell.shell.user_ns["kept"]
    assert kept is gl.last and not kept.complete and kept.stopped_by == "panic"
    with pytest.raises(gl.GoPanic):
        shell.run("%%gmp\n1 / 0")


def test_a_syntax_error_names_the_cells_line(shell: Shell) -> None:
    with pytest.raises(SyntaxError) as e:
        shell.run("%%gmp\ncompute(us=1)\nx = (1")
    assert e.value.lineno == 3


def test_a_deadlock_and_a_misused_verb_are_raised(shell: Shell) -> None:
    with pytest.raises(gl.DeadlockError, match="all goroutines are asleep"):
        shell.run("%%gmp\nrecv(Chan())")
    with pytest.raises(gl.GoPanic):
        shell.run("%%gmp\ncompute()")


def test_an_empty_cell_is_told(shell: Shell) -> None:
    with pytest.raises(UsageError, match="the cell is empty below its first line"):
        shell.run("%%gmp\n   \n\t")


def test_a_workload_is_the_cells_function_with_its_parameters(shell: Shell) -> None:
    said = shell.told("%%gmp workload burst\ndef main(n=3):\n    for _ in range(n):\n        go(compute, 1000)\n    sleep(us=50)")[1]
    assert said == "workload 'burst': %gmp run burst\n"
    run = shell.run("%gmp run burst --set n=4")
    assert len(run.goroutines) == 5 and run.record.header["workload"] == "burst"
    assert "burst n=3" in repr(shell.run("%gmp list workloads"))
    with pytest.raises(UsageError, match="no parameter 'm'"):
        shell.run("%gmp run burst --set m=4")


def test_a_workload_without_a_function_is_the_cell(shell: Shell) -> None:
    shell.run("%%gmp workload tick\nyield compute(us=3)\nreturn 'done'")
    assert shell.run("%gmp run tick").result == "done"


def test_a_name_is_taken_once_unless_replaced_and_a_shipped_one_never(shell: Shell) -> None:
    shell.run("%%gmp workload tick\ncompute(us=3)")
    with pytest.raises(UsageError, match="a workload has it already: take another, or say --replace"):
        shell.run("%%gmp workload tick\ncompute(us=4)")
    shell.run("%%gmp workload tick --replace\ncompute(us=4)")
    with pytest.raises(UsageError, match="name 'fanout': is a shipped workload's"):
        shell.run("%%gmp workload fanout --replace\ncompute(us=4)")


ONE = """%%gmp policy one {}
import gmplab
class TakeOne(gmplab.StealHalf):
    def amount(self, state, view, thief, victim, queued):
        return {}
"""


def test_a_policy_is_made_of_the_cells_components_and_the_bases(shell: Shell) -> None:
    said = shell.told(ONE.format("--base go1.14 --check", 1))[1]
    assert "policy 'one' keeps its contract" in said and said.endswith("policy 'one': %gmp run WORKLOAD --policy one\n")
    one = gl.policy_of("one")
    assert type(one.steal).__name__ == "TakeOne" and one.rules == gl.policy_of("go1.14").rules
    shell.run("%gmp run fanout --set n=20 --policy one -q -o run")
    run = shell.shell.user_ns["run"]
    assert run.record.header["policy"] == "one" and set(run.steals["stolen"]) <= {1}


def test_a_policy_that_breaks_its_contract_is_reported_and_not_registered(shell: Shell) -> None:
    with pytest.raises(UsageError, match="policy 'one' is not registered: it breaks its contract"):
        shell.run(ONE.format("--check", "queued + 1"))
    with pytest.raises(ValueError, match="no such preset"):
        gl.policy_of("one")


def test_a_policy_needs_one_component_a_concern(shell: Shell) -> None:
    with pytest.raises(UsageError, match="the cell defines no component"):
        shell.run("%%gmp policy none\nx = 1")
    with pytest.raises(UsageError, match="A and B are both for steal: keep one"):
        shell.run("%%gmp policy two\nimport gmplab as gl\nclass A(gl.StealOne): pass\nclass B(gl.StealHalf): pass")
    shell.run("%%gmp policy last\nimport gmplab as gl\nclass A(gl.StealOne): pass\nclass B(A): pass")
    assert type(gl.policy_of("last").steal).__name__ == "B"


# --- the extension ----------------------------------------------------------------------------------------------------
def test_loading_twice_and_unloading_leave_one_magic_and_none(shell: Shell) -> None:
    shell.run("%reload_ext gmplab\n%load_ext gmplab")
    assert [type(x) for x in shell.shell.configurables].count(GmpMagics) == 1
    assert shell.shell.Completer.custom_matchers.count(matcher) == 1
    for _ in range(2):
        shell.run("%unload_ext gmplab")
        assert "gmp" not in shell.shell.magics_manager.magics["line"] and matcher not in shell.shell.Completer.custom_matchers
        with pytest.raises(UsageError, match="not found"):
            shell.run("%gmp")
        shell.run("%load_ext gmplab")
    assert isinstance(shell.run(SMALL), Run)


def test_the_magics_help_is_the_trees(shell: Shell) -> None:
    text = shell.shell.find_line_magic("gmp").__doc__
    assert "usage: %gmp [-h] COMMAND" in text and "usage: %%gmp [-h] COMMAND" in text


def test_an_interrupt_reaches_a_run_below_a_running_loop_and_the_loops_handler_is_back_afterwards(shell: Shell) -> None:
    cell = '''
import asyncio, signal, gmplab as gl
def main():
    while True:
        yield gl.compute(us=1)
async def cell():
    loop_handler = lambda *_: seen.append("the loop's")
    signal.signal(signal.SIGINT, loop_handler)
    try:
        gl.run(main, record="off")
    except KeyboardInterrupt as e:
        return e.run.stopped_by, signal.getsignal(signal.SIGINT) is loop_handler
seen = []
got = asyncio.run(cell())
'''
    before = signal.getsignal(signal.SIGINT)
    alarm = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
    alarm.start()
    try:
        shell.run(cell)
    finally:
        alarm.join()
        signal.signal(signal.SIGINT, before)
    assert shell.shell.user_ns["got"] == ("interrupt", True) and shell.shell.user_ns["seen"] == []
