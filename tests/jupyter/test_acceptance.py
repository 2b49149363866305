"""What the laboratory in Jupyter must do, item by item, and the test that shows it (the test below holds that each is there).

- magic: -h for every command
  jupyter/test_magics.py::test_help_is_there_for_each_command_and_names_the_magic
- magic: a typo, one line with the nearest name
  jupyter/test_magics.py::test_a_typing_error_is_one_line_with_the_nearest_name
- magic: a typo is an error of the kernel
  jupyter/test_kernels.py::test_a_wrong_word_and_an_error_in_a_cell_are_errors_of_the_kernel
- magic: ; at the end
  jupyter/test_magics.py::test_a_semicolon_silences_the_output_and_is_no_part_of_the_line
- magic: -q
  jupyter/test_magics.py::test_quiet_shows_and_returns_nothing
- magic: -o VAR
  jupyter/test_magics.py::test_a_result_is_kept_in_a_variable_and_shown_nonetheless
- magic: {p} and $p, in a loop and a function
  jupyter/test_magics.py::test_names_in_braces_and_after_a_dollar_are_the_notebooks_also_in_a_loop_and_a_function
- magic: {p} not in the body
  jupyter/test_magics.py::test_braces_and_dollars_in_the_cell_are_its_own
- magic: an error in the body has the cell's line
  jupyter/test_magics.py::test_an_error_of_the_cell_names_its_own_line_and_keeps_the_record
- magic: an error in the body fails the notebook
  jupyter/test_kernels.py::test_a_notebook_with_an_error_in_the_magic_fails_where_it_is_executed
- magic: completions from the parser
  jupyter/test_completion.py::test_each_option_of_each_command_is_offered
- magic: completions in a kernel
  jupyter/test_kernels.py::test_tab_asks_the_kernel_and_gets_what_may_follow
- magic: loaded and unloaded twice
  jupyter/test_magics.py::test_loading_twice_and_unloading_leave_one_magic_and_none
- magic: loaded and unloaded twice in a kernel
  jupyter/test_kernels.py::test_the_extension_is_loaded_and_unloaded_twice
- magic: %config GmpMagics
  jupyter/test_magics.py::test_config_sets_what_is_not_typed
- magic: [tool.gmplab] of a project
  jupyter/test_project.py::test_a_project_sets_what_is_not_typed_and_the_card_says_where
- magic: --code
  jupyter/test_magics.py::test_code_is_the_python_that_does_the_same
- magic: gmplab.last
  jupyter/test_magics.py::test_the_value_of_run_is_the_run_and_the_last_result
- magic: a package that is missing
  jupyter/test_missing_packages.py::test_what_needs_it_is_one_line_and_all_else_goes_on
- kernel: interrupt in a plain and an await cell
  jupyter/test_kernels.py::test_an_interrupt_ends_a_long_run_in_a_cell_and_the_kernel_goes_on
- kernel: interrupt in a widget's callback
  jupyter/test_kernels.py::test_an_interrupt_ends_a_long_run_in_a_widgets_callback
- kernel: interrupt of a run in a thread
  jupyter/test_kernels.py::test_an_interrupt_of_an_idle_kernel_ends_a_long_run_in_a_thread
- kernel: twenty moves of a slider, ipykernel 7.3, 7.4
  jupyter/test_kernels.py::test_twenty_moves_of_a_slider_end_with_the_figure_of_the_last
- kernel: twenty moves in the Playground
  jupyter/test_dashboards.py::test_twenty_moves_while_one_runs_are_one_run_of_the_last
- browser: the tour, without a console error
  jupyter/test_notebooks_in_lab.py::test_the_first_notebook_runs_in_jupyterlab_without_a_console_error
- browser: every notebook, without a console error
  jupyter/test_notebooks_in_lab.py::test_every_notebook_runs_in_jupyterlab_without_a_console_error
- browser: step keys change page and kernel
  jupyter/test_widgets_in_lab.py::test_steps_and_dragged_sliders_are_known_to_page_and_kernel
- browser: a drag over a plot is the time of the Timeline, a click on a goroutine selects it
  jupyter/test_dashboards_in_lab.py::test_in_the_explorer_a_drag_over_a_plot_is_the_time_of_the_timeline_and_a_goroutine_is_shown_there
- browser: a click in the tail of the latencies selects who waited so long
  jupyter/test_dashboards_in_lab.py::test_in_the_explorer_a_click_in_the_tail_of_the_latencies_is_where_timeline_and_stepper_go
- browser: whoever points at the map of queues is told how long the one there was
  jupyter/test_charts.py::test_whoever_points_at_the_queues_is_told_how_long_the_one_there_was
- browser: colours by goroutine, in both themes
  jupyter/test_colouring.py::test_running_goroutines_are_coloured_by_their_id_in_turn_where_one_asks_for_it
- browser: undo and redo of a view
  jupyter/test_charts.py::test_redo_shows_again_what_was_undone_until_another_view_is_chosen
- browser: whoever points at a P is told what is queued
  jupyter/test_pages.py::test_whoever_points_at_a_p_is_told_how_many_wait_in_its_queue_and_in_the_global_one
- browser: a slider is dragged
  jupyter/test_widgets_in_lab.py::test_steps_and_dragged_sliders_are_known_to_page_and_kernel
- browser: the stop button, twenty moves in a second
  jupyter/test_dashboards_in_lab.py::test_the_stop_button_ends_a_run_and_twenty_moves_in_a_second_end_in_the_last
- browser: a slider runs again
  jupyter/test_dashboards_in_lab.py::test_a_moved_slider_runs_again_and_shows_the_run_before
- browser: a run is stopped
  jupyter/test_dashboards_in_lab.py::test_an_interrupt_stops_a_long_run_of_the_playground_which_shows_what_there_is
- browser: a million spans from the kernel
  jupyter/test_widgets_in_lab.py::test_a_million_spans_come_from_the_kernel_and_are_zoomed
- magic: step begins at an instant or a goroutine
  jupyter/test_magics.py::test_step_begins_at_an_instant_or_where_a_goroutine_is_made
- magic: --when of run and step
  jupyter/test_magics.py::test_step_begins_where_a_condition_comes_true_and_a_run_ends_there
- magic: explain of a goroutine or a P
  jupyter/test_magics.py::test_explain_of_a_goroutine_or_a_p_says_where_its_time_went
- browser: a click on a span, dark theme, screenshot
  jupyter/test_widgets_in_lab.py::test_a_click_on_a_span_moves_the_stepper_the_kernel_knows_and_both_themes_are_clean
- browser: keyboard alone, while the kernel is busy
  jupyter/test_widgets_in_lab.py::test_by_keyboard_alone_and_while_the_kernel_is_busy
- browser: Tab, names, focus rings
  jupyter/test_pages.py::test_tab_goes_through_a_widget_and_each_stop_has_a_name_a_ring_and_room
- browser: letters typed stay in the widget
  jupyter/test_widgets_in_lab.py::test_what_is_typed_into_a_widget_is_no_command_of_the_notebook
- browser: a million spans, what a frame asks
  jupyter/test_pages.py::test_a_frame_asks_a_few_spans_a_pixel_and_not_all
- browser: 1 P, 64 Ps, many Gs at both sizes
  jupyter/test_pages.py::test_a_timeline_fits_its_page
- browser: the Stepper at both sizes
  jupyter/test_pages.py::test_a_stepper_fits_its_page
- browser: 100,000 Gs
  jupyter/test_pages.py::test_a_hundred_thousand_goroutines_have_lanes
- browser: an empty run
  jupyter/test_pages.py::test_an_empty_run_is_sensible
- browser: opened again, the twins and words of plots
  jupyter/test_widgets_in_lab.py::test_a_notebook_that_is_opened_again_shows_twins_and_figures_with_their_words
- browser: the kernel started anew
  jupyter/test_widgets_in_lab.py::test_a_widget_lives_on_when_its_kernel_is_started_anew
- browser: two widgets of one run
  jupyter/test_widgets_in_lab.py::test_two_widgets_of_one_run_and_two_views_of_one_widget_live_side_by_side
- docs: an exported page with the network off
  jupyter/test_pages.py::test_an_exported_notebook_shows_the_twins_with_the_network_off
- docs: the page of a run with the network off
  jupyter/test_pages.py::test_the_page_of_a_run_shows_all_with_the_network_off_in_both_themes
- docs: every figure of every notebook
  test_notebooks.py::test_a_notebook_runs_in_a_kernel_leaves_nothing_behind_and_exports_with_every_figure
- export: CSV, equal bytes for equal seeds
  traces/test_csv.py::test_the_same_run_gives_the_same_bytes
- export: a Perfetto file can be read
  traces/test_perfetto.py::test_the_processors_of_a_small_run_read_as_it_happened
- packaging: environment.yml equals pyproject
  test_house.py::test_conda_installs_what_pip_installs
- packaging: the lock has no URL
  test_house.py::test_the_lock_names_every_dependency_with_hashes_and_no_url

Not tests: a frame of a million spans in under 16 ms is a row of `make bench` (redraw); the README's two commands run in CI,
in a fresh checkout (`.ci/run`).
"""

from __future__ import annotations

import re

from rig import ROOT


def test_each_item_has_its_test() -> None:
    rows = re.findall(r"^- (.*)\n  ((?:\w+/)?test_\w+\.py)::(test_\w+)$", __doc__ or "", re.MULTILINE)
    assert len(rows) == len([line for line in (__doc__ or "").splitlines() if "::test_" in line])
    for item, path, name in rows:
        assert f"def {name}(" in (ROOT / "tests" / path).read_text(encoding="utf-8"), f"{item}: {path} has no {name}"
