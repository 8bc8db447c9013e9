"""The safeguards of the protocol, each with a way to take it away and the case that misses it.

A safeguard that can be removed without a test failing is not tested: `test_mutations.py` removes one at a time.
"""

from collections.abc import Callable

import pytest

from tests.simulation import mutations_collection as collection
from tests.simulation import mutations_dispatch as dispatch
from tests.simulation import mutations_evaluation as evaluation
from tests.simulation import mutations_outages as outages
from tests.simulation import mutations_wakeups as wakeups

Patch = Callable[[pytest.MonkeyPatch], None]

SAFEGUARDS: dict[Patch, str] = {
    # The commit.
    evaluation.commit_without_its_condition: "a_zombies_stale_verdict",
    evaluation.a_refusal_is_always_somebody_elses: "2_a_commit_that_meets_itself",
    evaluation.a_refusal_is_always_ours: "a_zombies_stale_verdict",
    evaluation.one_token_a_container: "2_a_late_commit",
    evaluation.no_redo_first: "1_a_redo_that_head_names",
    evaluation.states_read_before_head: "1_head_is_read_before",
    evaluation.states_kept_under_any_version: "1_a_cache",
    evaluation.rules_kept_under_any_version: "1_a_rule",
    evaluation.states_taken_from_older_commits: "6_a_zombie_does_not_turn",
    evaluation.no_tombstones_of_states: "6_a_zombie_does_not_raise_a_state",
    evaluation.a_divided_chunk_stays: "a_thousand_series[2000]",
    evaluation.clear_whatever_redo_there_is: "3_a_late_clear",
    evaluation.delete_the_redo_before_clearing: "3_head_is_cleared",
    evaluation.a_loser_deletes_every_redo: "2_a_loser",
    evaluation.every_value_is_a_change: "a_quiet_tick_of_a_warm_worker",
    evaluation.create_whatever_is_there: "a_late_creation",
    evaluation.mark_whatever_was_committed: "a_late_mark",
    # Hand-over.
    evaluation.handed_over_by_transition: "6_an_end_that_was_not",
    evaluation.what_is_over_is_gone: "6_an_end_that_was_not",
    evaluation.replay_pages_about_the_past: "the_age_of_news",
    evaluation.the_age_of_news_is_not_checked_again: "the_age_of_news",
    evaluation.never_too_late_to_be_silent: "always_late",
    evaluation.a_deleted_rule_is_forgotten: "8_a_firing_rule",
    evaluation.a_changed_route_moves_nothing: "a_changed_route",
    # Shards, clocks, trouble.
    evaluation.look_behind_an_absent_head_without_sealing_it: "12_two_changes",
    evaluation.seal_without_counting: "12_a_commit_that_was_under_way",
    evaluation.seal_what_has_a_redo: "12_the_redo",
    evaluation.take_over_a_shard_without_sealing_it: "12_a_commit_that_was_under_way",
    evaluation.a_wrong_clock_stays_wrong: "whose_clock_is_wrong[40]",
    evaluation.nobody_is_suspected: "a_poison_rule",
    evaluation.a_written_rule_stays_in_quarantine: "an_edit_releases",
    evaluation.a_unit_that_did_not_answer_is_done: "what_hangs",
    evaluation.what_hangs_is_tried_at_every_tick: "what_hangs",
    # Rules that record, rules that read it.
    outages.who_reads_does_not_wait_in_a_pass: "a_rule_that_reads_itself_goes_on_where",
    outages.who_reads_itself_goes_on_after_no_answer: "goes_on_where_it_was_not_answered",
    outages.who_reads_does_not_wait_for_what_is_behind: "a_rule_that_lags_alone",
    outages.what_was_not_written_has_happened: "a_sink_that_does_not_answer",
    outages.written_after_the_commit: "what_is_recorded_at_a_tick",
    outages.a_series_that_vanishes_is_not_ended: "what_is_recorded_at_a_tick",
    outages.a_state_that_is_left_is_not_ended: "what_fires_is_written_as_ALERTS",
    outages.time_goes_not_step_by_step: "ticks_that_are_missed_are_recorded_in_order[500]",
    outages.a_group_has_no_order: "what_is_recorded_at_a_tick",
    outages.a_group_waits_for_no_other: "what_is_recorded_at_a_tick",
    outages.what_is_asked_as_a_whole_is_divided: "ticks_that_are_missed_are_recorded_in_order[50]",
    outages.a_probe_is_a_rule_without_its_group: "holds_rules_together",
    outages.one_refused_write_spoils_all: "a_write_that_is_refused",
    outages.an_alert_fails_with_its_states: "states_that_are_not_written",
    # A source that is down.
    outages.all_rules_probe: "one_rule_a_tick_is_asked",
    outages.an_outage_is_forgotten: "one_rule_a_tick_is_asked",
    outages.who_waits_is_not_released: "is_current_as_soon_as",
    outages.one_rule_condemns_its_source: "one_rule_that_hangs",
    outages.a_rule_that_is_seldom_due_vouches_for_its_source: "once_an_hour",
    outages.each_rule_tells_of_the_outage: "is_one_alert_and_no_health",
    outages.a_source_that_is_down_is_asked_ever_more_rarely: "a_source_with_one_rule",
    outages.an_outage_is_told_at_once: "a_minute_without_an_answer",
    outages.what_fires_is_held_for_ever: "given_up_after_its_hold",
    outages.what_was_given_up_is_never_told_again: "given_up_after_its_hold",
    outages.no_dialect_says_how_long: "without_a_hold",
    # Catching up.
    outages.nothing_is_set_aside: "who_has_caught_up_is_on_time",
    outages.the_cursor_of_a_stretch_is_ignored: "a_group_is_replayed",
    outages.a_batch_ends_its_stretch: "a_zombies_batch",
    outages.a_bucket_is_divided: "a_group_is_replayed",
    outages.two_replay_at_once: "a_worker_leaves_a_replay",
    outages.a_replay_leaves_no_mark: "a_rule_that_kills_its_replay",
    outages.a_new_layout_forgets_what_is_set_aside: "a_layout_that_changes_while",
    outages.what_lags_is_tried_though_it_is_set_aside: "what_lagged_when_it_was_set_aside",
    outages.too_much_is_a_refusal: "what_is_too_much",
    outages.too_much_is_asked_for_again: "what_is_too_much",
    outages.nobody_remembers_what_nobody_heard: "what_came_and_went",
    outages.an_end_to_come_is_no_news: "what_came_and_went",
    # Rules that change.
    outages.a_pause_lasts_as_long_as_the_worker: "a_pause_ends_at_its_time",
    outages.what_is_to_be_taken_over_ends_at_once: "whose_first_evaluation_failed[hanging]",
    outages.who_has_failed_takes_over_nothing: "whose_first_evaluation_failed[refused]",
    outages.what_was_over_is_taken_over: "taken_over_after_an_outage",
    # Alerts and their groups.
    outages.a_group_that_is_left_is_written_where_it_changes: "a_put_that_is_under_way",
    dispatch.alerts_taken_from_older_commits: "6_a_zombie_does_not_raise_an_alert",
    dispatch.no_tombstones_of_alerts: "6_a_zombie_does_not_raise_an_alert",
    dispatch.prune_whatever_is_there: "a_refire_that_is_put_during",
    dispatch.the_next_put_drops_what_has_ended: "7_an_end",
    dispatch.the_last_writer_wins: "any_writer_says_so",
    dispatch.no_manifest: "a_changed_route",
    dispatch.the_manifest_is_written_last: "dies_while_it_places",
    dispatch.the_manifest_refuses_nobody: "a_zombie_puts_nothing",
    dispatch.a_group_that_was_never_armed_keeps_its_alerts: "never_armed",
    dispatch.arm_only_what_was_put: "4_a_put",
    dispatch.arming_only_counts: "4_arming_that_only_counts",
    # Claims.
    dispatch.claim_what_is_claimed: "woken_while_it_is_claimed",
    dispatch.claim_what_is_not_due: "that_is_not_due",
    dispatch.a_claim_leaves_no_due: "a_claimed_group_of_a_dead_worker",
    dispatch.a_claim_shorter_than_its_worker: "a_claim_outlives",
    dispatch.a_refused_claim_is_somebody_elses: "meets_itself_delays_nothing[claim]",
    dispatch.finish_ignores_the_wake: "5_what_is_armed",
    dispatch.the_wake_is_read_late: "5_what_is_armed",
    dispatch.finish_ignores_the_claim: "5_a_late_finish",
    dispatch.a_disturbed_group_waits_for_its_slot: "5_a_group_woken_during",
    dispatch.a_disturbed_group_is_not_looked_at_again: "5_a_group_woken_between",
    # Intents and the log.
    dispatch.log_over_what_is_newer: "a_late_entry_in_the_log",
    dispatch.an_intent_without_its_content: "who_takes_over_repeats",
    dispatch.intend_whatever_the_log_says: "late_intents",
    dispatch.a_refused_intent_is_somebody_elses: "meets_itself_delays_nothing[intend]",
    dispatch.a_refused_pruning_is_somebody_elses: "meets_itself_delays_nothing[prune]",
    dispatch.a_muted_intent_is_sent: "never_sent_is_told_after",
    dispatch.a_refusal_leaves_the_intent_open: "a_permanent_refusal",
    dispatch.try_for_ever: "too_many_tries",
    dispatch.a_send_may_begin_after_its_claim: "could_outlive_its_claim",
    dispatch.no_activation_in_the_log: "9_a_refire",
    dispatch.what_is_muted_is_forgotten: "10_an_end_under_a_silence_survives_what",
    dispatch.no_end_is_owed: "10_an_end_under_a_silence_is_told",
    # Silences.
    dispatch.fall_asleep_without_another_look: "11_a_group_looks_again",
    dispatch.fall_asleep_without_registering: "11_a_group_asleep",
    dispatch.waiters_read_before_the_silence_is_ended: "11_a_group_that_falls_asleep",
    dispatch.the_sweep_reads_no_notes: "the_waker_may_die",
    wakeups.an_edited_silence_wakes_nobody: "a_silence_that_is_shortened",
    wakeups.an_edited_silence_leaves_no_note: "who_edits_may_die",
    wakeups.a_note_is_forgotten_though_it_is_a_newer_one: "who_has_woken_does_not_forget",
    wakeups.a_silence_that_begins_wakes_nobody: "fires_still_when_its_silence_ends",
    wakeups.the_note_of_a_beginning_is_forgotten_first: "before_it_wakes_whom",
    wakeups.what_is_silenced_is_not_left_out: "fires_still_when_its_silence_ends",
    wakeups.an_intent_that_is_muted_makes_no_way: "makes_way_for_other_news",
    # Inhibition.
    wakeups.sources_that_fire_come_after_the_groups: "its_target_that_fire_together",
    wakeups.sources_that_end_come_before_the_groups: "its_target_that_end_together",
    wakeups.sources_that_have_ended_stay: "one_source_ends_as_another",
    wakeups.both_writes_of_a_commit_have_one_sequence: "one_source_ends_as_another",
    wakeups.who_is_inhibited_is_no_waiter: "told_in_time[the last inhibiting source ends: at the next slot]",
    wakeups.sources_are_read_once: "a_group_looks_for_its_sources_again",
    wakeups.the_end_of_a_source_wakes_nobody: "that_is_deleted_go_with_it",
    wakeups.the_end_of_a_source_wakes_at_once: "told_in_time[the last inhibiting source ends: at the next slot]",
    wakeups.who_is_claimed_is_not_woken: "that_is_claimed_when_its_source_ends",
    wakeups.waiters_are_read_before_the_source_is_removed: "a_group_that_falls_asleep_while_its_source",
    wakeups.a_source_that_ends_by_itself_wakes_at_once: (
        "told_in_time[the end of an inhibiting source that was posted comes: at the first slot]"
    ),
    wakeups.a_source_that_was_given_up_stays: "a_posted_source_that_was_given_up",
    # What is posted.
    wakeups.what_is_to_be_handed_over_is_not_noted: "handed_over_by_who_posts_next",
    wakeups.a_configuration_counts_before_the_hand_over: "a_sweep_that_dies",
    wakeups.our_own_first_write_is_somebody_elses: "a_posted_source_that_was_given_up",
    wakeups.who_posts_last_wins: "two_who_post_at_once",
    wakeups.who_has_handed_over_speaks_for_all: "of_what_another_stored_meanwhile",
    wakeups.who_only_repeats_arms_nobody_though_nobody_has: "died_before_arming",
    wakeups.who_only_repeats_arms_nobody_however_late: "after_the_earlier_one_was_told",
    wakeups.a_configuration_leaves_what_was_posted_where_it_is: "a_sweep_that_dies",
    wakeups.the_note_of_a_configuration_is_forgotten_whichever_it_is: "newer_than_the_one_it_has_seen_to",
    # Ends.
    wakeups.an_end_is_told_off_the_grid: "told_in_time[the end of a posted alert comes: at the first slot]",
    wakeups.an_end_to_come_is_not_waited_for: (
        "told_in_time[the end of a posted alert comes: at the first slot]"
    ),
    wakeups.an_end_that_was_told_is_told_again: "an_end_is_told_once_to_each",
    wakeups.an_end_is_owed_to_who_wants_none: "nothing_is_kept_for_a_receiver",
    wakeups.memory_outlives_its_incident: "what_a_receiver_remembers",
    wakeups.muted_ends_are_held: "is_told_under_a_silence",
    wakeups.muted_ends_are_told_though_nothing_else_was: "of_what_was_never_told",
    # Inputs: the commit.
    collection.append_whatever_is_there: "who_gathers_late",
    collection.an_entry_is_always_ours: "who_gathers_late",
    collection.a_refused_entry_is_somebody_elses: "who_has_gathered_and_not_heard",
    collection.an_entry_does_not_say_up_to_when_inputs_have_run: "what_a_dead_worker_has_gathered",
    collection.note_whatever_is_noted: "a_late_note",
    # Inputs: what is due.
    collection.due_before_it_was_there: "an_input_that_is_added_has_missed",
    collection.due_while_it_was_paused: "a_pause_that_ends_by_itself_leaves",
    collection.a_layout_that_has_passed_is_as_good_as_any: "a_message_of_a_layout",
    collection.a_new_shard_begins_now: "a_new_layout_goes_on",
    collection.what_takes_long_is_sent_after_the_commit: "what_may_take_long_is_sent",
    collection.too_much_spoils_all: "one_that_gathers_too_much_fails_alone",
    collection.too_much_is_left_out_without_a_word: "a_long_run_that_gathers_too_much_says",
    # Inputs: claims.
    collection.claim_whatever_has_changed: "of_two_who_claim_one_run",
    collection.a_refused_release_is_somebody_elses: "a_release_that_meets_itself",
    collection.who_has_run_out_frees_who_has_taken_over: "who_ends_after_its_time",
    collection.what_has_been_run_is_forgotten: "a_message_that_comes_after_its_run",
    collection.a_doubled_message_is_an_overrun: "a_message_that_comes_twice",
    collection.what_runs_beside_another_is_forgotten: "what_runs_beside_another",
    collection.a_claim_shorter_than_its_run: "a_run_has_its_claim",
    collection.a_claim_that_never_ends: "a_dead_workers_run_is_over",
    # Inputs: ends of series.
    collection.a_run_ends_nothing: "a_run_that_gathers_nothing",
    collection.locations_are_one: "locations_are_told_apart",
    collection.what_has_a_time_of_its_own_ends_with_the_next_run: "a_sample_with_a_time_of_its_own",
    collection.runs_are_in_the_order_in_which_they_are_read: "the_order_in_which_entries_are_read",
    collection.a_run_is_stamped_when_it_began: "however_a_run_is_stamped[collection_end 1]",
}
"""How each safeguard is removed, and the case, by a part of its name, that has to fail then."""
