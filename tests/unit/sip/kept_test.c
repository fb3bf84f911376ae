/* A dialog comes back from its short form as it went in. */
#include "dialer/sip/kept.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static void fill(char *text, size_t length, char with) {
  memset(text, with, length);
  text[length] = 0;
}

START_TEST(what_is_kept_of_a_dialog_comes_back_whole) {
  struct wide_dialog d, back;
  memset(&d, 0, sizeof d);
  d.leg = (struct leg){LEG_SEAT, 41, 7};
  d.state = DIALOG_CONFIRMED;
  d.incoming = 1;
  d.codec_count = 2;
  d.media_port = 20002;
  d.cseq = 77;
  d.sdp_version = 3;
  d.sdp_id = 1234567890123;
  d.desc = (struct media_desc){.family = 4, .port = 9, .ptime_ms = 20};
  if (_i == 1) { /* every text as long as it can be */
    fill(d.call_id, sizeof d.call_id - 1, 'c');
    fill(d.local, sizeof d.local - 1, 'l');
    fill(d.remote, sizeof d.remote - 1, 'r');
    fill(d.target, sizeof d.target - 1, 't');
    fill(d.route, sizeof d.route - 1, 'o');
    fill(d.uri, sizeof d.uri - 1, 'u');
    fill(d.branch, sizeof d.branch - 1, 'b');
  } else if (_i == 2) { /* some are empty */
    fill(d.call_id, 9, 'c');
    fill(d.remote, 12, 'r');
    fill(d.uri, 1, 'u');
  }
  struct kept_dialog *k = kept_make(&d);
  ck_assert_ptr_nonnull(k);
  memset(&back, 0xff, sizeof back);
  kept_read(k, &back);
  ck_assert_mem_eq(&back, &d, sizeof d);
  k->cseq += 16;
  kept_read(k, &back);
  ck_assert_uint_eq(back.cseq, 93);
  free(k);
}
END_TEST

int main(void) {
  Suite *s = suite_create("kept");
  TCase *t = tcase_create("kept");
  tcase_add_loop_test(t, what_is_kept_of_a_dialog_comes_back_whole, 0, 3);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
