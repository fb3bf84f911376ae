"""The main stories once more, on a line that loses 2 % of all packets and delays each by up to 50 ms, signalling and audio, both ways."""
import functools
import sys

import peers
import stories_box
import stories_dialogs
import stories_handover
import stories_talks
import stories_trunks

LOSS, JITTER_S = 0.02, 0.05
AGAIN = [stories_talks.a_stranger_is_never_heard, stories_box.the_sip_worker_dies_and_is_back_within_a_second, stories_box.kill_nine_of_everything_loses_nothing,
         stories_handover.a_talk_outlives_two_workers_and_the_customer_ends_it, stories_handover.the_box_still_ends_a_talk_after_its_worker_died,
         stories_handover.after_kill_nine_of_everything_nobody_is_left_on_the_line, stories_dialogs.a_reliable_provisional_answer_is_acknowledged,
         stories_dialogs.both_ask_at_once_and_both_get_through, stories_trunks.when_the_first_carrier_is_dead_the_second_takes_its_calls_and_gives_them_back]


def rough(story):
    @functools.wraps(story)
    def again():
        peers.ROUGH = (LOSS, JITTER_S)
        try:
            try:
                story()
            except AssertionError as failure:  # such a line may lose a packet and all its repetitions; twice in a row it does not
                print(f"{failure}; once more", file=sys.stderr, flush=True)
                story()
            assert peers.Rough.lost, "nothing was lost"
        finally:
            peers.ROUGH = None

    again.__name__ = f"on_a_bad_line_{story.__name__}"
    return again


STORIES = [rough(s) for s in AGAIN]
