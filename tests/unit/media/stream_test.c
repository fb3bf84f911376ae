#include "dialer/media/latch.h"
#include "dialer/media/stream.h"
#include <cadencia/err.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 160, MS = 1000 };
static struct stream_out out;
static struct stream_in in;
static struct latch latch;

static struct rtp_packet packet(uint32_t ssrc, uint16_t seq, uint32_t ts) {
  return (struct rtp_packet){.ssrc = ssrc, .seq = seq, .ts = ts};
}

static struct rtp_packet forward(uint32_t ssrc, uint16_t seq, uint32_t ts, int64_t now_us) {
  struct rtp_packet from = packet(ssrc, seq, ts), head = {0};
  stream_forward(&out, &from, FRAME, now_us, &head);
  return head;
}

START_TEST(own_frames_follow_each_other_without_a_seam) {
  struct rtp_packet first, second;
  stream_open(&out, 5, 65535, UINT32_MAX - 10);
  stream_own(&out, FRAME, 1000 * MS, &first);
  stream_own(&out, FRAME, 1020 * MS, &second);
  ck_assert(first.marker && !second.marker);
  ck_assert_uint_eq(first.seq, 65535);
  ck_assert_uint_eq(second.seq, 0);
  ck_assert_uint_eq(second.ts - first.ts, FRAME);
}
END_TEST

START_TEST(after_a_pause_the_timestamp_has_moved_with_the_clock) {
  struct rtp_packet first, second;
  stream_open(&out, 5, 1, 0);
  stream_own(&out, FRAME, 1000 * MS, &first);
  stream_own(&out, FRAME, 1500 * MS, &second);
  ck_assert(second.marker);
  ck_assert_uint_eq(second.ts - first.ts, 500 * 8);
}
END_TEST

START_TEST(forwarding_keeps_gaps_and_order_and_hides_the_source) {
  stream_open(&out, 5, 100, 7000);
  struct rtp_packet a = forward(77, 65534, 0xffffff00u, 1000 * MS), b = forward(77, 65535, 0xffffff00u + FRAME, 1020 * MS);
  struct rtp_packet d = forward(77, 1, 0xffffff00u + 3 * FRAME, 1060 * MS), c = forward(77, 0, 0xffffff00u + 2 * FRAME, 1061 * MS);
  struct rtp_packet e = forward(77, 2, 0xffffff00u + 4 * FRAME, 1080 * MS);
  ck_assert(a.marker && !b.marker && a.ssrc == 5);
  ck_assert_uint_eq(a.seq, 100);
  ck_assert_uint_eq(b.seq, 101);
  ck_assert_uint_eq(d.seq, 103);
  ck_assert_uint_eq(c.seq, 102);
  ck_assert_uint_eq(e.seq, 104);
  ck_assert_uint_eq(c.ts - a.ts, 2 * FRAME);
  ck_assert_uint_eq(e.ts - a.ts, 4 * FRAME);
}
END_TEST

START_TEST(a_change_of_what_feeds_it_never_goes_back_in_sequence_or_time) {
  uint16_t seq = 0;
  uint32_t ts = 0;
  stream_open(&out, 5, 10, 500);
  int64_t now = 1000 * MS;
  for (int i = 0; i < 200; i++, now += 20 * MS) {
    struct rtp_packet head = {0};
    if (i % 37 == 5) now += 340 * MS;
    if (i / 20 % 2)
      stream_own(&out, FRAME, now, &head);
    else
      head = forward(1000 + (uint32_t)i / 40, (uint16_t)(i * 1 + i / 40 * 9000), (uint32_t)i * FRAME + (uint32_t)i / 40 * 77777777u, now);
    if (i > 0) {
      ck_assert_uint_eq((uint16_t)(head.seq - seq), 1);
      ck_assert_int_ge((int32_t)(head.ts - ts), FRAME);
    }
    seq = head.seq;
    ts = head.ts;
  }
  ck_assert_uint_eq(out.packets, 200);
}
END_TEST

START_TEST(a_packet_that_is_swallowed_leaves_no_gap) {
  stream_open(&out, 5, 10, 500);
  struct rtp_packet a = forward(77, 1, 0, 0), event = packet(77, 2, FRAME);
  stream_swallow(&out, &event);
  struct rtp_packet b = forward(77, 3, 2 * FRAME, 40 * MS);
  ck_assert_uint_eq((uint16_t)(b.seq - a.seq), 1);
  ck_assert_uint_eq(b.ts - a.ts, 2 * FRAME);
}
END_TEST

static void hear(uint16_t seq, uint32_t ts, int64_t now_us) {
  struct rtp_packet p = packet(9, seq, ts);
  stream_heard(&in, &p, now_us, true);
}

START_TEST(losses_late_packets_and_repeats_are_told_apart) {
  memset(&in, 0, sizeof in);
  for (int i = 0; i < 100; i++) {
    uint16_t seq = (uint16_t)(65500 + i);
    if (i == 50 || i == 51 || i == 70) continue;
    hear(seq, (uint32_t)i * FRAME, i * 20 * MS);
    if (i == 71) hear((uint16_t)(65500 + 70), 70 * FRAME, i * 20 * MS);
    if (i == 80) hear(seq, (uint32_t)i * FRAME, i * 20 * MS);
  }
  ck_assert_uint_eq(stream_lost(&in), 2);
  ck_assert_uint_eq(in.late, 1);
  ck_assert_uint_eq(stream_jitter_us(&in), 0);
}
END_TEST

START_TEST(jitter_is_measured_as_the_standard_says) {
  memset(&in, 0, sizeof in);
  for (int i = 0; i < 400; i++) hear((uint16_t)i, (uint32_t)i * FRAME, i * 20 * MS + (i % 2 ? 5 * MS : 0));
  ck_assert_uint_ge(stream_jitter_us(&in), 4500); /* every step is off by 5 ms */
  ck_assert_uint_le(stream_jitter_us(&in), 5000);
}
END_TEST

START_TEST(an_event_counts_once_however_often_it_is_sent) {
  memset(&in, 0, sizeof in);
  struct rtp_packet a = packet(9, 1, 1000), b = packet(9, 2, 2000);
  stream_heard(&in, &a, 0, false);
  ck_assert(stream_event_is_new(&in, &a));
  ck_assert(!stream_event_is_new(&in, &a));
  ck_assert(stream_event_is_new(&in, &b));
  ck_assert(!stream_event_is_new(&in, &a)); /* its last packet came late */
  struct rtp_packet other = packet(10, 1, 500);
  stream_heard(&in, &other, 0, false);
  ck_assert(stream_event_is_new(&in, &other));
}
END_TEST

static struct net_addr addr(const char *text, uint16_t port) {
  struct net_addr a;
  ck_assert_int_eq(net_addr_parse(text, port, &a), CAD_OK);
  return a;
}

static void aim(const char *text, uint16_t port) {
  struct net_addr a = addr(text, port);
  struct media_desc desc = {.family = a.family, .port = port};
  memcpy(desc.addr, a.addr, 16);
  memset(&latch, 0, sizeof latch);
  ck_assert(latch_aim(&latch, &desc));
  ck_assert(!latch_aim(&latch, &desc));
  latch_open_window(&latch, 5000 * MS);
}

/* What the n-th of packets in order gets. */
static enum latch_answer knock(const char *text, uint16_t port, uint32_t ssrc, uint16_t first_seq, int n, int64_t now_us) {
  struct net_addr from = addr(text, port);
  enum latch_answer answer = LATCH_STRANGER;
  for (int i = 0; i < n; i++) {
    struct rtp_packet p = packet(ssrc, (uint16_t)(first_seq + i), (uint32_t)i * FRAME);
    answer = latch_check(&latch, &from, &p, true, now_us);
  }
  return answer;
}

START_TEST(the_address_in_the_sdp_is_believed_at_once_and_for_good) {
  aim("203.0.113.5", 4000);
  ck_assert_int_eq(knock("203.0.113.5", 4000, 1, 1, 1, 0), LATCH_FIXED);
  ck_assert_int_eq(knock("203.0.113.5", 4000, 1, 2, 1, 0), LATCH_KNOWN);
  ck_assert_int_eq(knock("203.0.113.5", 4002, 2, 1, 50, 0), LATCH_STRANGER);
  ck_assert(!latch.moved);
}
END_TEST

START_TEST(another_port_of_the_same_host_needs_four_packets_in_order) {
  aim("203.0.113.5", 4000);
  ck_assert_int_eq(knock("203.0.113.5", 9000, 1, 1, 3, 0), LATCH_STRANGER);
  ck_assert_int_eq(knock("203.0.113.5", 9000, 2, 4, 3, 0), LATCH_STRANGER); /* another source: counts anew */
  ck_assert_int_eq(knock("203.0.113.5", 9000, 2, 2, 3, 0), LATCH_STRANGER); /* backwards: anew */
  ck_assert_int_eq(knock("203.0.113.5", 9000, 2, 5, 1, 0), LATCH_FIXED);
  ck_assert(latch.moved && latch.far.port == 9000);
}
END_TEST

START_TEST(another_host_is_believed_only_where_the_sdp_is_private) {
  aim("203.0.113.5", 4000);
  ck_assert_int_eq(knock("198.51.100.7", 4000, 1, 1, 500, 0), LATCH_STRANGER);
  aim("192.168.1.20", 4000);
  ck_assert_int_eq(knock("198.51.100.7", 4000, 1, 1, 4, 0), LATCH_FIXED);
}
END_TEST

START_TEST(two_foreign_hosts_that_compete_are_both_strangers) {
  aim("10.0.0.2", 4000);
  ck_assert_int_eq(knock("198.51.100.7", 4000, 1, 1, 2, 0), LATCH_STRANGER);
  ck_assert_int_eq(knock("198.51.100.8", 4000, 2, 1, 40, 0), LATCH_STRANGER);
  ck_assert_int_eq(knock("198.51.100.7", 4000, 1, 3, 40, 0), LATCH_STRANGER);
  ck_assert_int_eq(knock("10.0.0.2", 4000, 3, 1, 1, 0), LATCH_FIXED);
}
END_TEST

START_TEST(after_the_window_and_before_the_answer_nobody_moves_in) {
  aim("192.168.1.20", 4000);
  ck_assert(latch_expired(&latch, 5000 * MS));
  ck_assert_int_eq(knock("192.168.1.20", 4444, 1, 1, 50, 5000 * MS), LATCH_STRANGER);
  latch.window_until_us = 0;
  ck_assert_int_eq(knock("192.168.1.20", 4444, 1, 1, 50, 1), LATCH_STRANGER);
  ck_assert_int_eq(knock("192.168.1.20", 4000, 1, 1, 1, 9000 * MS), LATCH_FIXED);
}
END_TEST

START_TEST(on_loopback_the_port_decides) {
  aim("127.0.0.1", 4000);
  ck_assert_int_eq(knock("127.0.0.1", 4002, 1, 1, 50, 0), LATCH_STRANGER);
  ck_assert_int_eq(knock("127.0.0.1", 4000, 1, 1, 1, 0), LATCH_FIXED);
  aim("192.168.1.2", 4000);
  ck_assert_int_eq(knock("127.0.0.1", 4000, 1, 1, 50, 0), LATCH_STRANGER);
}
END_TEST

START_TEST(a_payload_type_that_we_did_not_offer_proves_nothing) {
  aim("203.0.113.5", 4000);
  struct net_addr from = addr("203.0.113.5", 9000);
  for (uint16_t i = 0; i < 50; i++) {
    struct rtp_packet p = packet(1, i, i * FRAME);
    ck_assert_int_eq(latch_check(&latch, &from, &p, false, 0), LATCH_STRANGER);
  }
}
END_TEST

START_TEST(a_shut_latch_knows_nobody) {
  aim("203.0.113.5", 4000);
  latch_shut(&latch);
  latch_open_window(&latch, 5000 * MS);
  ck_assert_int_eq(knock("203.0.113.5", 4000, 1, 1, 50, 0), LATCH_STRANGER);
  ck_assert_int_eq(knock("192.168.1.1", 4000, 1, 1, 50, 0), LATCH_STRANGER);
}
END_TEST

START_TEST(addresses_that_nobody_has_are_unusable) {
  struct net_addr a = addr("0.0.0.0", 4000), b = addr("255.255.255.255", 4000), c = addr("224.0.0.1", 4000), d = addr("10.0.0.1", 0);
  struct net_addr e = addr("::", 4000), f = addr("ff02::1", 4000), good = addr("10.0.0.1", 4000), good6 = addr("2001:db8::1", 4000);
  ck_assert(!net_addr_usable(&a) && !net_addr_usable(&b) && !net_addr_usable(&c) && !net_addr_usable(&d));
  ck_assert(!net_addr_usable(&e) && !net_addr_usable(&f) && net_addr_usable(&good) && net_addr_usable(&good6));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("stream");
  TCase *tc = tcase_create("stream");
  tcase_add_test(tc, own_frames_follow_each_other_without_a_seam);
  tcase_add_test(tc, after_a_pause_the_timestamp_has_moved_with_the_clock);
  tcase_add_test(tc, forwarding_keeps_gaps_and_order_and_hides_the_source);
  tcase_add_test(tc, a_change_of_what_feeds_it_never_goes_back_in_sequence_or_time);
  tcase_add_test(tc, a_packet_that_is_swallowed_leaves_no_gap);
  tcase_add_test(tc, losses_late_packets_and_repeats_are_told_apart);
  tcase_add_test(tc, jitter_is_measured_as_the_standard_says);
  tcase_add_test(tc, an_event_counts_once_however_often_it_is_sent);
  TCase *trust = tcase_create("latch");
  tcase_add_test(trust, the_address_in_the_sdp_is_believed_at_once_and_for_good);
  tcase_add_test(trust, another_port_of_the_same_host_needs_four_packets_in_order);
  tcase_add_test(trust, another_host_is_believed_only_where_the_sdp_is_private);
  tcase_add_test(trust, two_foreign_hosts_that_compete_are_both_strangers);
  tcase_add_test(trust, after_the_window_and_before_the_answer_nobody_moves_in);
  tcase_add_test(trust, on_loopback_the_port_decides);
  tcase_add_test(trust, a_payload_type_that_we_did_not_offer_proves_nothing);
  tcase_add_test(trust, a_shut_latch_knows_nobody);
  tcase_add_test(trust, addresses_that_nobody_has_are_unusable);
  suite_add_tcase(suite, tc);
  suite_add_tcase(suite, trust);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
