#include "dialer/media/rtcp.h"
#include "dialer/media/rtp.h"
#include <cadencia/err.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

static uint64_t rng;
static uint32_t next_random(void) {
  rng = rng * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(rng >> 32);
}

START_TEST(what_is_written_is_read_back) {
  struct rtp_packet in = {.payload_type = 101, .marker = true, .seq = 65535, .ts = 0xfffffff0u, .ssrc = 0xdeadbeefu}, out;
  uint8_t bytes[RTP_HEADER_BYTES + 4] = {0};
  rtp_header_write(bytes, &in);
  memcpy(bytes + RTP_HEADER_BYTES, "abcd", 4);
  ck_assert_int_eq(rtp_parse(bytes, sizeof bytes, &out), CAD_OK);
  ck_assert(out.payload_type == 101 && out.marker && out.seq == 65535 && out.ts == 0xfffffff0u && out.ssrc == 0xdeadbeefu);
  ck_assert_uint_eq(out.payload_bytes, 4);
  ck_assert_ptr_eq(out.payload, bytes + RTP_HEADER_BYTES);
}
END_TEST

START_TEST(sources_extension_and_padding_are_stepped_over) {
  uint8_t bytes[12 + 8 + 4 + 8 + 5 + 3] = {0};
  struct rtp_packet head = {.payload_type = 0, .seq = 1}, out;
  rtp_header_write(bytes, &head);
  bytes[0] |= 0x20 | 0x10 | 2;
  rtp_put16(bytes + 12 + 8 + 2, 2);
  memcpy(bytes + 12 + 8 + 4 + 8, "hello", 5);
  bytes[sizeof bytes - 1] = 3;
  ck_assert_int_eq(rtp_parse(bytes, sizeof bytes, &out), CAD_OK);
  ck_assert_uint_eq(out.payload_bytes, 5);
  ck_assert_mem_eq(out.payload, "hello", 5);
}
END_TEST

START_TEST(packets_that_lie_about_themselves_are_refused) {
  struct rtp_packet head = {.payload_type = 0, .seq = 1}, out;
  uint8_t good[32] = {0}, bad[32];
  rtp_header_write(good, &head);
#define SPOIL(what, size)                                                                                                                  \
  memcpy(bad, good, sizeof bad);                                                                                                           \
  what;                                                                                                                                    \
  ck_assert_int_eq(rtp_parse(bad, size, &out), CAD_EFORMAT)
  ck_assert_int_eq(rtp_parse(good, 32, &out), CAD_OK);
  SPOIL((void)0, 11);
  SPOIL((void)0, 0);
  SPOIL(bad[0] = 0x40, 32);                           /* version 1 */
  SPOIL(bad[0] |= 15, 32);                            /* 15 sources do not fit */
  SPOIL(bad[0] |= 0x10; rtp_put16(bad + 14, 60), 32); /* nor does this extension */
  SPOIL(bad[0] |= 0x10, 14);
  SPOIL(bad[0] |= 0x20; bad[31] = 21, 32); /* more padding than packet */
  SPOIL(bad[0] |= 0x20; bad[31] = 0, 32);
  SPOIL(bad[1] = 200, 32); /* RTCP */
#undef SPOIL
}
END_TEST

START_TEST(no_bytes_however_mad_make_the_reader_leave_them) {
  rng = 0x5eed0000u + (unsigned)_i;
  for (int round = 0; round < 200000; round++) {
    size_t n = next_random() % 64;
    uint8_t *bytes = malloc(n ? n : 1); /* the exact size, so that a sanitizer sees one byte too many */
    for (size_t k = 0; k < n; k++) bytes[k] = (uint8_t)next_random();
    if (n > 0 && round % 4) bytes[0] = (uint8_t)((bytes[0] & 0x3f) | 0x80);
    struct rtp_packet p;
    if (rtp_parse(bytes, n, &p) == CAD_OK) {
      ck_assert(p.payload >= bytes + RTP_HEADER_BYTES && p.payload + p.payload_bytes <= bytes + n);
      struct rtp_event e;
      if (rtp_event_parse(&p, &e) == CAD_OK) ck_assert(e.code >= 16 ? rtp_event_digit(e.code) == 0 : rtp_event_digit(e.code) != 0);
    }
    free(bytes);
  }
}
END_TEST

START_TEST(digits_have_their_names) {
  const char *names = "0123456789*#ABCD";
  for (uint8_t code = 0; code < 16; code++) ck_assert_int_eq(rtp_event_digit(code), names[code]);
  ck_assert_int_eq(rtp_event_digit(16), 0);
  ck_assert_int_eq(rtp_event_digit(255), 0);
}
END_TEST

START_TEST(a_report_says_what_was_put_in) {
  struct rtcp_report r = {
      .ssrc = 7, .packets = 10, .octets = 1600, .far_ssrc_known = 1, .far_ssrc = 99, .fraction_lost = 26, .lost = 5, .jitter = 12};
  uint8_t bytes[RTCP_BYTES_MAX];
  struct rtcp_block block;
  size_t n = rtcp_write(bytes, &r);
  ck_assert_uint_eq(n % 4, 0);
  ck_assert_uint_eq(bytes[1], 200);
  ck_assert_int_eq(rtcp_parse(bytes, n, 99, &block), CAD_OK);
  ck_assert(block.fraction_lost == 26 && block.lost == 5 && block.jitter == 12);
  ck_assert_int_eq(rtcp_parse(bytes, n, 98, &block), CAD_EMPTY);
  r.packets = 0;
  n = rtcp_write(bytes, &r);
  ck_assert_uint_eq(bytes[1], 201);
  ck_assert_int_eq(rtcp_parse(bytes, n, 99, &block), CAD_OK);
  ck_assert_int_eq(rtcp_parse(bytes, n - 4, 99, &block), CAD_EFORMAT);
}
END_TEST

START_TEST(no_report_however_mad_makes_the_reader_leave_it) {
  rng = 0xface0000u + (unsigned)_i;
  struct rtcp_report r = {.ssrc = 7, .packets = 10, .far_ssrc_known = 1, .far_ssrc = 99};
  uint8_t good[RTCP_BYTES_MAX];
  size_t whole = rtcp_write(good, &r);
  for (int round = 0; round < 200000; round++) {
    size_t n = next_random() % (whole + 1);
    uint8_t *bytes = malloc(n ? n : 1);
    memcpy(bytes, good, n);
    for (int k = 0; n > 0 && k < 3; k++) bytes[next_random() % n] = (uint8_t)next_random();
    struct rtcp_block block;
    int err = rtcp_parse(bytes, n, 99, &block);
    ck_assert(err == CAD_OK || err == CAD_EMPTY || err == CAD_EFORMAT);
    free(bytes);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("rtp");
  TCase *tc = tcase_create("rtp");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, what_is_written_is_read_back);
  tcase_add_test(tc, sources_extension_and_padding_are_stepped_over);
  tcase_add_test(tc, packets_that_lie_about_themselves_are_refused);
  tcase_add_loop_test(tc, no_bytes_however_mad_make_the_reader_leave_them, 0, 3);
  tcase_add_test(tc, digits_have_their_names);
  tcase_add_test(tc, a_report_says_what_was_put_in);
  tcase_add_loop_test(tc, no_report_however_mad_makes_the_reader_leave_it, 0, 3);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
