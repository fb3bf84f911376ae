#include <dsp/jitter.h>
#include <cadencia/err.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 160, WAIT = 480 };
static struct jitter j;
static int16_t out[4096];

/* Sample k of the world has the value k + 1 (mod 30000), so order can be read off. */
static int16_t value(uint32_t k) { return (int16_t)(k % 30000 + 1); }

static void put_world(uint32_t ssrc, uint32_t base, uint32_t from, int n) {
  int16_t pcm[JITTER_BLOCK_MAX];
  for (int i = 0; i < n; i++) pcm[i] = value(from + (uint32_t)i);
  ck_assert_int_eq(jitter_put(&j, ssrc, base + from, pcm, n), CAD_OK);
}

static void expect_world(uint32_t from, int n) {
  int lost, got = 0;
  while (got < n) {
    int k = jitter_take(&j, out, n - got, &lost);
    ck_assert_int_eq(lost, 0);
    ck_assert_int_gt(k, 0);
    for (int i = 0; i < k; i++) ck_assert_int_eq(out[i], value(from + (uint32_t)(got + i)));
    got += k;
  }
}

static void expect_nothing(void) {
  int lost;
  ck_assert_int_eq(jitter_take(&j, out, 4096, &lost), 0);
  ck_assert_int_eq(lost, 0);
}

START_TEST(packets_in_order_come_out_at_once) {
  jitter_init(&j, WAIT);
  expect_nothing();
  for (uint32_t k = 0; k < 50; k++) {
    put_world(1, 77, k * FRAME, FRAME);
    expect_world(k * FRAME, FRAME);
    expect_nothing();
  }
}
END_TEST

START_TEST(swapped_packets_come_out_in_order) {
  jitter_init(&j, WAIT);
  put_world(1, 0, 0, FRAME);
  put_world(1, 0, 2 * FRAME, FRAME);
  expect_world(0, FRAME);
  expect_nothing();
  put_world(1, 0, FRAME, FRAME);
  expect_world(FRAME, 2 * FRAME);
  ck_assert_uint_eq(j.lost_samples, 0);
}
END_TEST

START_TEST(a_lost_packet_is_given_up_after_three_newer_ones) {
  int lost;
  jitter_init(&j, WAIT);
  put_world(1, 0, 0, FRAME);
  expect_world(0, FRAME);
  put_world(1, 0, 2 * FRAME, FRAME);
  put_world(1, 0, 3 * FRAME, FRAME);
  expect_nothing();
  put_world(1, 0, 4 * FRAME, FRAME);
  ck_assert_int_eq(jitter_take(&j, out, FRAME, &lost), 0);
  ck_assert_int_eq(lost, FRAME);
  expect_world(2 * FRAME, 3 * FRAME);
  put_world(1, 0, FRAME, FRAME); /* it comes after all */
  expect_nothing();
  ck_assert_uint_eq(j.late, 1);
}
END_TEST

START_TEST(a_duplicate_changes_nothing) {
  int16_t other[FRAME];
  memset(other, 0x11, sizeof other);
  jitter_init(&j, WAIT);
  put_world(1, 0, 0, FRAME);
  put_world(1, 0, FRAME, FRAME);
  jitter_put(&j, 1, FRAME, other, FRAME);
  expect_world(0, 2 * FRAME);
  ck_assert_uint_eq(j.duplicates, 1);
}
END_TEST

START_TEST(a_new_source_starts_afresh) {
  jitter_init(&j, WAIT);
  put_world(1, 0, 0, FRAME);
  expect_world(0, FRAME);
  put_world(2, 900000, 0, FRAME);
  expect_world(0, FRAME);
  put_world(2, 900000, FRAME, FRAME);
  expect_world(FRAME, FRAME);
  ck_assert_uint_eq(j.restarts, 1);
  ck_assert_uint_eq(j.lost_samples, 0);
}
END_TEST

START_TEST(the_timestamp_may_wrap) {
  jitter_init(&j, WAIT);
  uint32_t base = UINT32_MAX - 5 * FRAME - 37;
  for (uint32_t k = 0; k < 20; k += 2) {
    put_world(1, base, (k + 1) * FRAME, FRAME);
    if (k == 0)
      jitter_init(&j, WAIT), put_world(1, base, 0, FRAME), put_world(1, base, FRAME, FRAME);
    else
      put_world(1, base, k * FRAME, FRAME);
    expect_world(k * FRAME, 2 * FRAME);
  }
  ck_assert_uint_eq(j.lost_samples + j.late + j.restarts, 0);
}
END_TEST

START_TEST(any_packet_time_fits) {
  static const int sizes[] = {80, 240, 160, 480, 37, 1, 960};
  uint32_t at = 0;
  jitter_init(&j, WAIT);
  for (int round = 0; round < 30; round++) {
    int n = sizes[round % 7];
    put_world(9, 5, at, n);
    expect_world(at, n);
    at += (uint32_t)n;
  }
}
END_TEST

START_TEST(a_reader_who_cannot_wait_skips_what_is_not_there) {
  jitter_init(&j, WAIT);
  ck_assert_int_eq(jitter_skip(&j, FRAME), 0); /* nothing was heard yet */
  put_world(1, 0, 0, FRAME);
  ck_assert_int_eq(jitter_skip(&j, FRAME), 0); /* audio is there */
  expect_world(0, FRAME);
  ck_assert_int_eq(jitter_skip(&j, FRAME), FRAME);
  put_world(1, 0, 2 * FRAME + 40, FRAME); /* speech again after a pause of the sender */
  ck_assert_int_eq(jitter_skip(&j, FRAME), 40);
  expect_world(2 * FRAME + 40, FRAME);
  put_world(1, 0, FRAME, FRAME);
  ck_assert_uint_eq(j.late, 1);
}
END_TEST

START_TEST(a_stream_that_runs_ahead_loses_its_oldest_audio_and_says_so) {
  int lost;
  jitter_init(&j, WAIT);
  for (uint32_t k = 0; k < 20; k++) put_world(1, 0, k * FRAME, FRAME); /* 3200 samples into a ring of 2048 */
  ck_assert_int_eq(jitter_take(&j, out, FRAME, &lost), 0);
  ck_assert_int_eq(lost, 20 * FRAME - JITTER_SAMPLES);
  expect_world(20 * FRAME - JITTER_SAMPLES, JITTER_SAMPLES);
  expect_nothing();
}
END_TEST

START_TEST(a_jump_of_the_timestamp_is_a_new_start_not_a_hole) {
  jitter_init(&j, WAIT);
  put_world(1, 0, 0, FRAME);
  expect_world(0, FRAME);
  put_world(1, 0x40000000, 0, FRAME);
  expect_world(0, FRAME);
  ck_assert_uint_eq(j.restarts, 1);
}
END_TEST

START_TEST(when_the_way_becomes_longer_it_listens_on) {
  jitter_init(&j, WAIT);
  for (uint32_t k = 0; k < 10; k++) put_world(1, 0, k * FRAME, FRAME);
  expect_world(0, 10 * FRAME);
  for (uint32_t k = 7; k <= 8; k++) { /* a sender that counts from further back */
    put_world(1, 0, k * FRAME, FRAME);
    expect_nothing();
  }
  for (uint32_t k = 9; k < 30; k++) {
    put_world(1, 0, k * FRAME, FRAME);
    expect_world(k * FRAME, FRAME);
  }
  ck_assert_uint_eq(j.late, 3);
}
END_TEST

START_TEST(a_sender_that_stalled_loses_nothing_though_the_reader_gave_up) {
  jitter_init(&j, WAIT);
  put_world(1, 0, 0, FRAME);
  expect_world(0, FRAME);
  ck_assert_int_eq(jitter_skip(&j, 8 * FRAME), 8 * FRAME); /* 160 ms of nothing */
  for (uint32_t k = 1; k < 20; k++) {
    put_world(1, 0, k * FRAME, FRAME);
    expect_world(k * FRAME, FRAME);
  }
  ck_assert_uint_eq(j.late, 0);
}
END_TEST

START_TEST(a_straggler_between_packets_in_time_moves_nothing) {
  jitter_init(&j, WAIT);
  for (uint32_t k = 10; k < 40; k++) {
    put_world(1, 0, k * FRAME, FRAME);
    expect_world(k * FRAME, FRAME);
    put_world(1, 0, (k - 10) * FRAME, FRAME);
    expect_nothing();
  }
  ck_assert_uint_eq(j.late, 30);
  ck_assert_uint_eq(j.restarts, 0);
}
END_TEST

START_TEST(sizes_that_no_packet_has_are_refused) {
  int16_t pcm[JITTER_BLOCK_MAX + 1] = {0};
  jitter_init(&j, WAIT);
  ck_assert_int_eq(jitter_put(&j, 1, 0, pcm, 0), CAD_EINVAL);
  ck_assert_int_eq(jitter_put(&j, 1, 0, pcm, -1), CAD_EINVAL);
  ck_assert_int_eq(jitter_put(&j, 1, 0, pcm, JITTER_BLOCK_MAX + 1), CAD_EINVAL);
  ck_assert(!j.started);
}
END_TEST

START_TEST(whatever_comes_in_the_time_read_equals_the_time_given) {
  uint64_t seed = 12345;
  int16_t pcm[JITTER_BLOCK_MAX] = {0};
  jitter_init(&j, WAIT);
  for (int round = 0; round < 30000; round++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    uint32_t r = (uint32_t)(seed >> 33);
    int n = 1 + (int)(r % JITTER_BLOCK_MAX), lost;
    uint32_t ts = r % 5 == 0 ? r * 2654435761u : j.head + r % 3000 - 500;
    jitter_put(&j, r % 97 == 0 ? r : j.ssrc, ts, pcm, n);
    uint32_t head = j.head, owed = j.owed_lost;
    int got = jitter_take(&j, out, 1 + (int)(r % 400), &lost);
    bool good = got >= 0 && (got == 0 || lost == 0) && jitter_depth(&j) <= JITTER_SAMPLES;
    good = good && j.head - head == (uint32_t)got + (owed ? 0 : (uint32_t)lost);
    if (r % 7 == 0) good = good && jitter_skip(&j, FRAME) <= FRAME;
    if (!good) ck_abort_msg("round %d: got %d, lost %d, depth %u", round, got, lost, jitter_depth(&j));
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("jitter");
  TCase *tc = tcase_create("jitter");
  tcase_add_test(tc, packets_in_order_come_out_at_once);
  tcase_add_test(tc, swapped_packets_come_out_in_order);
  tcase_add_test(tc, a_lost_packet_is_given_up_after_three_newer_ones);
  tcase_add_test(tc, a_duplicate_changes_nothing);
  tcase_add_test(tc, a_new_source_starts_afresh);
  tcase_add_test(tc, the_timestamp_may_wrap);
  tcase_add_test(tc, any_packet_time_fits);
  tcase_add_test(tc, a_reader_who_cannot_wait_skips_what_is_not_there);
  tcase_add_test(tc, a_stream_that_runs_ahead_loses_its_oldest_audio_and_says_so);
  tcase_add_test(tc, a_jump_of_the_timestamp_is_a_new_start_not_a_hole);
  tcase_add_test(tc, when_the_way_becomes_longer_it_listens_on);
  tcase_add_test(tc, a_sender_that_stalled_loses_nothing_though_the_reader_gave_up);
  tcase_add_test(tc, a_straggler_between_packets_in_time_moves_nothing);
  tcase_add_test(tc, sizes_that_no_packet_has_are_refused);
  tcase_add_test(tc, whatever_comes_in_the_time_read_equals_the_time_given);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
