#include "dialer/base/mailbox.h"
#include <cadencia/err.h>
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

enum { BOX = 8, PRODUCERS = 4, EACH = 5000 };

static struct mail numbered(uint32_t n) {
  struct mail mail;
  memset(&mail, 0, sizeof mail);
  mail.kind = SIP_PING;
  mail.at.ms = n;
  return mail;
}
static bool readable(const struct mailbox *box) {
  struct pollfd fd = {.fd = mailbox_fd(box), .events = POLLIN};
  return poll(&fd, 1, 0) == 1;
}

START_TEST(mail_comes_out_in_the_order_it_went_in) {
  struct mailbox *box = mailbox_create(BOX);
  struct mail out[BOX];
  for (uint32_t round = 0; round < 5; round++) { /* round the ring */
    for (uint32_t i = 0; i < 6; i++) {
      struct mail in = numbered(i);
      ck_assert_int_eq(mailbox_put(box, &in), CAD_OK);
    }
    ck_assert_uint_eq(mailbox_take(box, out, 2), 2);
    ck_assert_int_eq(out[1].at.ms, 1);
    ck_assert_uint_eq(mailbox_take(box, out, BOX), 4);
    ck_assert_int_eq(out[3].at.ms, 5);
  }
  ck_assert_uint_eq(mailbox_high_water(box), 6);
  mailbox_destroy(box);
}
END_TEST

START_TEST(a_full_box_refuses_and_keeps_what_it_has) {
  struct mailbox *box = mailbox_create(BOX);
  struct mail in, out[BOX + 1];
  for (uint32_t i = 0; i < BOX; i++) {
    in = numbered(i);
    ck_assert_int_eq(mailbox_put(box, &in), CAD_OK);
  }
  in = numbered(99);
  ck_assert_int_eq(mailbox_put(box, &in), CAD_EFULL);
  ck_assert_int_eq(mailbox_try_put(box, &in), CAD_EFULL);
  ck_assert_uint_eq(mailbox_take(box, out, BOX + 1), BOX);
  for (uint32_t i = 0; i < BOX; i++) ck_assert_int_eq(out[i].at.ms, i);
  mailbox_destroy(box);
}
END_TEST

START_TEST(the_descriptor_is_readable_exactly_while_mail_waits) {
  struct mailbox *box = mailbox_create(BOX);
  struct mail in = numbered(1), out;
  ck_assert(!readable(box));
  mailbox_put(box, &in);
  mailbox_put(box, &in);
  ck_assert(readable(box));
  mailbox_take(box, &out, 1);
  ck_assert(readable(box));
  mailbox_take(box, &out, 1);
  ck_assert(!readable(box));
  ck_assert_uint_eq(mailbox_take(box, &out, 1), 0);
  mailbox_destroy(box);
}
END_TEST

struct producer {
  struct mailbox *box;
  uint32_t id;
};
static void *produce(void *arg) {
  struct producer *p = arg;
  for (uint32_t i = 0; i < EACH;) {
    struct mail mail = numbered(p->id * EACH + i);
    int rc = i % 2 ? mailbox_put(p->box, &mail) : mailbox_try_put(p->box, &mail);
    if (rc == CAD_OK)
      i++;
    else
      poll(NULL, 0, 0);
  }
  return NULL;
}

START_TEST(nothing_is_lost_doubled_or_reordered_between_threads) {
  struct mailbox *box = mailbox_create(64);
  struct producer producers[PRODUCERS];
  pthread_t threads[PRODUCERS];
  uint32_t next[PRODUCERS] = {0}, got = 0;
  for (uint32_t i = 0; i < PRODUCERS; i++) {
    producers[i] = (struct producer){box, i};
    ck_assert_int_eq(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
  }
  while (got < PRODUCERS * EACH) {
    struct mail out[16];
    struct pollfd fd = {.fd = mailbox_fd(box), .events = POLLIN};
    ck_assert_int_eq(poll(&fd, 1, 10000), 1);
    unsigned n = mailbox_take(box, out, 16);
    for (unsigned i = 0; i < n; i++) {
      uint32_t id = (uint32_t)out[i].at.ms / EACH;
      ck_assert_uint_lt(id, PRODUCERS);
      ck_assert_int_eq(out[i].at.ms, id * EACH + next[id]);
      next[id]++;
    }
    got += n;
  }
  for (uint32_t i = 0; i < PRODUCERS; i++) pthread_join(threads[i], NULL);
  ck_assert_uint_le(mailbox_high_water(box), 64);
  mailbox_destroy(box);
}
END_TEST

START_TEST(how_many_waited_is_counted_when_they_are_taken) {
  struct mailbox *box = mailbox_create(BOX);
  struct histogram_view seen;
  struct mail out[BOX], in = numbered(1);
  ck_assert_uint_eq(mailbox_take(box, out, BOX), 0); /* nothing waited: that is not counted */
  for (int i = 0; i < 5; i++) mailbox_put(box, &in);
  mailbox_take(box, out, 3);
  mailbox_take(box, out, 3);
  mailbox_depths(box, &seen);
  ck_assert_uint_eq(seen.sum, 7);
  ck_assert_uint_eq(seen.counts[3], 1); /* five: up to 8 */
  ck_assert_uint_eq(seen.counts[1], 1); /* two */
  mailbox_destroy(box);
}
END_TEST

START_TEST(a_value_belongs_to_the_first_bound_that_is_not_below_it) {
  struct histogram h = {0};
  struct histogram_view seen;
  histogram_count(&h, HISTOGRAM_US, -3);
  histogram_count(&h, HISTOGRAM_US, 50);
  histogram_count(&h, HISTOGRAM_US, 51);
  histogram_count(&h, HISTOGRAM_US, 2000000);
  histogram_count(&h, HISTOGRAM_US, 2000001);
  histogram_read(&h, &seen);
  ck_assert_uint_eq(seen.counts[0], 2);
  ck_assert_uint_eq(seen.counts[1], 1);
  ck_assert_uint_eq(seen.counts[HISTOGRAM_BOUNDS - 1], 1);
  ck_assert_uint_eq(seen.counts[HISTOGRAM_BOUNDS], 1);
  ck_assert_uint_eq(seen.sum, 50 + 51 + 2000000 + 2000001);
  for (int i = 1; i < HISTOGRAM_BOUNDS; i++)
    ck_assert(HISTOGRAM_US[i] > HISTOGRAM_US[i - 1] && HISTOGRAM_MAILS[i] > HISTOGRAM_MAILS[i - 1]);
}
END_TEST

int main(void) {
  TCase *tc = tcase_create("mailbox");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, mail_comes_out_in_the_order_it_went_in);
  tcase_add_test(tc, a_full_box_refuses_and_keeps_what_it_has);
  tcase_add_test(tc, the_descriptor_is_readable_exactly_while_mail_waits);
  tcase_add_test(tc, nothing_is_lost_doubled_or_reordered_between_threads);
  tcase_add_test(tc, how_many_waited_is_counted_when_they_are_taken);
  tcase_add_test(tc, a_value_belongs_to_the_first_bound_that_is_not_below_it);
  Suite *s = suite_create("mailbox");
  suite_add_tcase(s, tc);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
