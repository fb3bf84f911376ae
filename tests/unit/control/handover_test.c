/* What outlives a worker and the daemon: dialogs and phones in their files. */
#include "dialer/handover.h"
#include "dialer/phones.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CALLS = 4, AGENTS = 3, LISTENER = 1 };
static char folder[64], path[96];

static void make_folder(void) {
  snprintf(folder, sizeof folder, "/tmp/cadencia-handover-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/file", folder);
}

static void remove_folder(void) {
  unlink(path);
  rmdir(folder);
}

static struct wide_dialog dialog_of(enum leg_role role, uint32_t slot, uint32_t gen, enum dialog_state state) {
  struct wide_dialog d;
  memset(&d, 0, sizeof d);
  d.leg = (struct leg){role, slot, gen};
  d.state = (uint8_t)state;
  d.cseq = 1;
  d.media_port = 20000;
  d.codec_count = 1;
  snprintf(d.call_id, sizeof d.call_id, "%u-%u@127.0.0.1", slot, gen);
  snprintf(d.local, sizeof d.local, "<sip:us@127.0.0.1>;tag=a%u", slot);
  snprintf(d.remote, sizeof d.remote, "<sip:them@127.0.0.1>;tag=b%u", slot);
  snprintf(d.target, sizeof d.target, "sip:them@127.0.0.1:5070");
  if (state == DIALOG_EARLY) {
    snprintf(d.uri, sizeof d.uri, "sip:them@127.0.0.1:5070");
    snprintf(d.branch, sizeof d.branch, "z9hG4bK%u", slot);
  }
  ck_assert(wide_dialog_valid(&d));
  return d;
}

struct heard {
  unsigned orphans, resumed;
  char call_ids[16][128];
};
static bool want_all(void *arg, struct leg leg) { return (void)arg, (void)leg, true; }
static bool want_none(void *arg, struct leg leg) { return (void)arg, (void)leg, false; }
static void hear(void *arg, enum mail_kind kind, const struct wide_dialog *d) {
  struct heard *h = arg;
  memcpy(h->call_ids[h->orphans + h->resumed], d->call_id, sizeof d->call_id);
  *(kind == SIP_ORPHAN ? &h->orphans : &h->resumed) += 1;
}
static struct heard returned(struct handover *h, bool wanted) {
  struct heard heard = {0};
  handover_return(h, LISTENER, &(struct handover_calls){&heard, wanted ? want_all : want_none, hear});
  return heard;
}

static struct handover *with_three(const char *at) {
  struct handover *h = handover_open(at, CALLS, AGENTS);
  ck_assert_ptr_nonnull(h);
  for (uint32_t i = 0; i < 2; i++) {
    struct wide_dialog d = dialog_of(LEG_CALL, i, 7, DIALOG_CONFIRMED);
    handover_keep(h, LISTENER, &d);
  }
  struct wide_dialog seat = dialog_of(LEG_SEAT, 2, 9, DIALOG_CONFIRMED);
  handover_keep(h, LISTENER, &seat);
  return h;
}

START_TEST(a_new_worker_gets_the_dialogs_that_live_and_no_other) {
  struct handover *h = with_three(_i ? path : NULL);
  handover_forget(h, (struct leg){LEG_CALL, 0, 7});
  handover_forget(h, (struct leg){LEG_CALL, 1, 6}); /* another life of the slot */
  struct heard got = returned(h, true);
  ck_assert_uint_eq(got.resumed, 2);
  ck_assert_uint_eq(got.orphans, 0);
  ck_assert_str_eq(got.call_ids[0], "1-7@127.0.0.1");
  ck_assert_str_eq(got.call_ids[1], "2-9@127.0.0.1");
  struct heard other = {0};
  handover_return(h, LISTENER + 1, &(struct handover_calls){&other, want_all, hear});
  ck_assert_uint_eq(other.resumed + other.orphans, 0);
  handover_close(h);
}
END_TEST

START_TEST(what_nobody_wants_or_only_rang_is_ended) {
  struct handover *h = with_three(_i ? path : NULL);
  struct wide_dialog early = dialog_of(LEG_CALL, 3, 2, DIALOG_EARLY);
  handover_keep(h, LISTENER, &early);
  ck_assert_uint_eq(returned(h, true).orphans, 1);
  ck_assert_uint_eq(returned(h, false).orphans, 4);
  ck_assert_uint_eq(handover_orphans(h), 4);
  for (uint32_t i = 0; i < CALLS + AGENTS; i++)
    for (uint32_t gen = 0; gen < 10; gen++) handover_forget(h, (struct leg){LEG_ORPHAN, i, gen});
  ck_assert_uint_eq(handover_orphans(h), 0);
  ck_assert_uint_eq(returned(h, true).orphans, 0);
  handover_close(h);
}
END_TEST

START_TEST(a_slot_that_is_used_again_leaves_its_old_dialog_as_an_orphan) {
  struct handover *h = with_three(path);
  struct wide_dialog again = dialog_of(LEG_CALL, 0, 8, DIALOG_CONFIRMED);
  handover_keep(h, LISTENER, &again);
  struct heard got = returned(h, true);
  ck_assert_uint_eq(got.orphans, 1);
  ck_assert_uint_eq(got.resumed, 3);
  ck_assert_str_eq(got.call_ids[0], "0-7@127.0.0.1");
  handover_close(h);
}
END_TEST

START_TEST(after_a_sudden_death_every_dialog_is_an_orphan_once) {
  handover_close(with_three(path)); /* nothing is said at the end: as after SIGKILL */
  for (int life = 0; life < 3; life++) {
    struct handover *h = handover_open(path, CALLS, AGENTS);
    ck_assert_uint_eq(handover_orphans(h), 3);
    struct heard got = returned(h, true);
    ck_assert_uint_eq(got.orphans, 3);
    ck_assert_uint_eq(got.resumed, 0);
    handover_close(h);
  }
}
END_TEST

START_TEST(a_record_that_was_written_in_part_is_not_believed) {
  handover_close(with_three(path));
  FILE *f = fopen(path, "r+b");
  struct stat st;
  ck_assert(f && fstat(fileno(f), &st) == 0);
  long record = (long)(st.st_size - 16) / (2 * (CALLS + AGENTS));
  fseek(f, 16 + record + 200, SEEK_SET); /* of the second call */
  fputs("torn", f);
  fclose(f);
  struct handover *h = handover_open(path, CALLS, AGENTS);
  ck_assert_uint_eq(handover_orphans(h), 2);
  handover_close(h);
  h = handover_open(path, CALLS + 1, AGENTS); /* another layout */
  ck_assert_uint_eq(handover_orphans(h), 0);
  handover_close(h);
}
END_TEST

static struct wide_binding binding_of(uint64_t agent, const char *contact, int64_t expires) {
  struct wide_binding b;
  memset(&b, 0, sizeof b);
  b.agent_id = agent;
  b.expires.ms = expires;
  b.answers = 1;
  snprintf(b.user, sizeof b.user, "u%u", (unsigned)agent);
  snprintf(b.contact, sizeof b.contact, "%s", contact);
  return b;
}

static void count(void *arg, const struct wide *w) { *(unsigned *)arg += w->kind == SIP_BINDING; }

START_TEST(phones_are_where_they_were_after_a_sudden_death) {
  const struct wall now = {1000}; /* what is kept is compared with the true clock when places are looked for: far ahead of both */
  const int64_t late = (int64_t)1 << 52;
  struct phones *p = phones_open(_i ? path : NULL, AGENTS);
  struct wide_binding one = binding_of(5, "sip:a@127.0.0.1:1", late), two = binding_of(5, "sip:a@127.0.0.1:2", late + 1),
                      other = binding_of(6, "sip:b@127.0.0.1:3", late);
  phones_bound(p, LISTENER, &one);
  phones_bound(p, LISTENER + 1, &two);
  phones_bound(p, LISTENER, &other);
  phones_bound(p, LISTENER, &other); /* said again: one place */
  ck_assert_int_eq(phones_where(p, 5, now), LISTENER + 1);
  two.expires.ms = 0;
  phones_bound(p, LISTENER + 1, &two);
  ck_assert_int_eq(phones_where(p, 5, now), LISTENER);
  ck_assert_int_eq(phones_where(p, 7, now), -1);
  if (_i) {
    phones_close(p);
    p = phones_open(path, AGENTS);
  }
  unsigned bindings = 0;
  phones_return(p, LISTENER, 0, now, count, &bindings);
  ck_assert_uint_eq(bindings, 2);
  ck_assert_int_eq(phones_where(p, 5, now), LISTENER);
  phones_close(p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("handover");
  TCase *t = tcase_create("handover");
  tcase_add_checked_fixture(t, make_folder, remove_folder);
  tcase_add_loop_test(t, a_new_worker_gets_the_dialogs_that_live_and_no_other, 0, 2);
  tcase_add_loop_test(t, what_nobody_wants_or_only_rang_is_ended, 0, 2);
  tcase_add_test(t, a_slot_that_is_used_again_leaves_its_old_dialog_as_an_orphan);
  tcase_add_test(t, after_a_sudden_death_every_dialog_is_an_orphan_once);
  tcase_add_test(t, a_record_that_was_written_in_part_is_not_believed);
  tcase_add_loop_test(t, phones_are_where_they_were_after_a_sudden_death, 0, 2);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
