"""The safeguards of the protocol, each with a way to take it away and the case that misses it.

A safeguard that can be removed without a test failing is not tested: `test_mutations.py` removes one at a time.
"""

from collections.abc import Callable

import pytest

from tests.simulation import mutations_dispatch as dispatch
from tests.simulation import mutations_evaluation as evaluation

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
    # Alerts and their groups.
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
}
"""How each safeguard is removed, and the case, by a part of its name, that has to fail then."""
