/* The flight recorder: what is kept, what is never kept, what a torn or foreign file does. */
#include "dialer/flight.h"
#include <cadencia/err.h>
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/cadencia-flight-XXXXXX", path[64];
static const struct now NOW = {{1000}, {1790000000000}};

static void set_up(void) {
  strcpy(folder + sizeof folder - 7, "XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/flight", folder);
}
static void tear_down(void) {
  unlink(path);
  rmdir(folder);
}

static struct mail answered(uint32_t slot) {
  struct mail m = mail_make(SIP_ANSWERED, (struct mono){940});
  m.u.sip_event.leg = (struct leg){LEG_CALL, slot, 3};
  m.u.sip_event.status = 200;
  return m;
}

static int read_all(struct flight_entry **all) { return flight_read(path, all, stderr); }

START_TEST(a_step_is_kept_with_its_changes_and_orders) {
  struct flight *f = flight_open(path, NOW.wall);
  struct out_mail items[2] = {{.spoke = SPOKE_MEDIA}, {.spoke = SPOKE_STORE}};
  struct outbox out = {.items = items, .count = 2, .capacity = 2};
  items[0].mail = mail_make(MEDIA_SCREEN, NOW.mono);
  items[0].mail.u.media_screen.attempt_id = 77;
  items[1].mail = mail_make(STORE_PACED, NOW.mono); /* every second, and in the records: not kept here */
  outbox_move(&out, (struct out_move){.from = 3, .to = 9, .event = 3, .slot = 5, .gen = 3, .id = 77});
  struct mail in = answered(5);
  flight_step(f, NOW, &in, &out);
  flight_close(f);
  struct flight_entry *all;
  ck_assert_int_eq(read_all(&all), 4);
  ck_assert_uint_eq(all[0].what, FLIGHT_START);
  ck_assert(all[1].what == FLIGHT_IN && all[1].kind == SIP_ANSWERED && all[1].code == 200 && all[1].lag_ms == 60 && all[1].slot == 5);
  ck_assert(all[2].what == FLIGHT_CALL && all[2].from == 3 && all[2].to == 9 && all[2].id == 77);
  ck_assert(all[3].what == FLIGHT_OUT && all[3].kind == MEDIA_SCREEN && all[3].from == SPOKE_MEDIA && all[3].id == 77);
  free(all);
}
END_TEST

START_TEST(steps_that_led_to_nothing_and_credits_leave_nothing) {
  struct flight *f = flight_open(path, NOW.wall);
  struct outbox out = {0};
  struct mail credit = mail_make(MEDIA_CREDIT, NOW.mono);
  flight_step(f, NOW, NULL, &out);
  flight_step(f, NOW, &credit, &out);
  flight_close(f);
  struct flight_entry *all;
  ck_assert_int_eq(read_all(&all), 1);
  free(all);
}
END_TEST

/* Every byte of every mail says 0x5a..: what of it is kept as an id or a code may be there, a text or a number may not. */
START_TEST(no_number_and_no_name_is_kept_of_any_mail) {
  struct flight *f = flight_open(path, NOW.wall);
  struct outbox out = {0};
  const uint64_t number = 12025550123456u;
  for (int kind = 1; kind < MAIL_KIND_COUNT; kind++) {
    struct mail m = mail_make((enum mail_kind)kind, NOW.mono);
    switch (kind) {
    case SIP_INVITE:
      m.u.sip_invite.to = m.u.sip_invite.from = number;
      strcpy(m.u.sip_invite.uri, "sip:secret@example.net");
      break;
    case SIP_INCOMING: m.u.sip_incoming.to = m.u.sip_incoming.from = number; break;
    case STORE_LEASED:
    case STORE_LEASE_DROP:
      m.u.store_lease.phone = number;
      strcpy(m.u.store_lease.name, "secret name");
      break;
    case STORE_OPEN:
      m.u.store_open.lease.phone = m.u.store_open.caller_id = number;
      strcpy(m.u.store_open.lease.name, "secret name");
      break;
    case STORE_CLOSE: m.u.store_close.phone = number; break;
    case STORE_OPT_OUT:
    case STORE_DNC_ADDED: m.u.store_opt_out.phone = number; break;
    case STORE_DID: m.u.store_did.number = number; break;
    case STORE_ARRIVE: m.u.store_arrive.from = m.u.store_arrive.did = number; break;
    case STORE_ARRIVED: m.u.store_arrived.contact.phone = number; break;
    case STORE_CAMPAIGN:
      m.u.store_campaign.terms.caller_id = number;
      strcpy(m.u.store_campaign.terms.name, "secret name");
      break;
    case STORE_AGENT: strcpy(m.u.store_agent.name, "secret name"); break;
    case STORE_PHONE: strcpy(m.u.store_phone.ha1_md5, "secret"); break;
    case MEDIA_DIGIT: m.u.media_event.digit = '7'; break;
    case ORDER_REPLY: strcpy(m.u.order_reply.text, "secret"); break;
    default: break;
    }
    flight_step(f, NOW, &m, &out);
  }
  flight_close(f);
  FILE *file = fopen(path, "rb");
  static char data[8 << 20];
  size_t n = fread(data, 1, sizeof data, file);
  fclose(file);
  ck_assert_ptr_null(memmem(data, n, "secret", 6));
  ck_assert_ptr_null(memmem(data, n, &number, sizeof number));
  struct flight_entry *all;
  int count = read_all(&all);
  ck_assert_int_gt(count, 60);
  for (int i = 0; i < count; i++) ck_assert(all[i].kind != MEDIA_DIGIT || (all[i].code == 0 && all[i].detail == 0));
  free(all);
}
END_TEST

START_TEST(the_newest_are_kept_and_the_next_life_goes_on_after_them) {
  struct outbox out = {0};
  struct mail in = answered(1);
  for (int life = 0; life < 2; life++) {
    struct flight *f = flight_open(path, NOW.wall);
    for (int i = 0; i < FLIGHT_ENTRIES * 2 / 3; i++) {
      in.u.sip_event.status = (uint16_t)(i % 700);
      flight_step(f, NOW, &in, &out);
      if (i % 1000 == 0) flight_save(f);
    }
    flight_close(f);
  }
  struct flight_entry *all;
  int count = read_all(&all), starts = 0;
  ck_assert_int_eq(count, FLIGHT_ENTRIES);
  for (int i = 1; i < count; i++) ck_assert_uint_eq(all[i].order, all[i - 1].order + 1);
  for (int i = 0; i < count; i++) starts += all[i].what == FLIGHT_START;
  ck_assert_int_eq(starts, 1); /* the first life's beginning is overwritten */
  free(all);
}
END_TEST

START_TEST(a_burst_beyond_the_ring_leaves_a_gap_and_no_nonsense) {
  struct outbox out = {0};
  struct mail in = answered(1);
  struct flight *f = flight_open(path, NOW.wall);
  for (int i = 0; i < FLIGHT_RING * 3; i++) flight_step(f, NOW, &in, &out);
  flight_close(f);
  struct flight_entry *all;
  int count = read_all(&all);
  ck_assert_int_gt(count, FLIGHT_RING / 2);
  ck_assert_int_le(count, FLIGHT_RING + 1);
  ck_assert_uint_eq(all[count - 1].order, (uint64_t)FLIGHT_RING * 3 + 1);
  free(all);
}
END_TEST

START_TEST(what_is_torn_or_foreign_is_not_believed) {
  struct outbox out = {0};
  struct mail in = answered(1);
  struct flight *f = flight_open(path, NOW.wall);
  for (int i = 0; i < 10; i++) flight_step(f, NOW, &in, &out);
  flight_close(f);
  FILE *file = fopen(path, "r+b");
  fseek(file, 16 + 5 * (long)sizeof(struct flight_entry) + 3, SEEK_SET);
  fputc(0x77, file);
  fclose(file);
  struct flight_entry *all;
  ck_assert_int_eq(read_all(&all), 10);
  free(all);
  file = fopen(path, "wb");
  fputs("something else", file);
  fclose(file);
  FILE *quiet = fopen("/dev/null", "w");
  ck_assert_int_eq(flight_read(path, &all, quiet), CAD_EFORMAT);
  unlink(path);
  ck_assert_int_eq(flight_read(path, &all, quiet), CAD_ENOENT);
  fclose(quiet);
}
END_TEST

START_TEST(a_deadly_signal_carries_what_was_not_saved) {
  pid_t pid = fork();
  if (pid == 0) {
    struct outbox out = {0};
    struct mail in = answered(1);
    struct flight *f = flight_open(path, NOW.wall);
    flight_save_at_death(f);
    flight_step(f, NOW, &in, &out);
    signal(SIGCHLD, SIG_DFL);
    abort();
  }
  int status;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
  struct flight_entry *all;
  ck_assert_int_eq(read_all(&all), 2);
  free(all);
}
END_TEST

int main(void) {
  TCase *tc = tcase_create("flight");
  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_test(tc, a_step_is_kept_with_its_changes_and_orders);
  tcase_add_test(tc, steps_that_led_to_nothing_and_credits_leave_nothing);
  tcase_add_test(tc, no_number_and_no_name_is_kept_of_any_mail);
  tcase_add_test(tc, the_newest_are_kept_and_the_next_life_goes_on_after_them);
  tcase_add_test(tc, a_burst_beyond_the_ring_leaves_a_gap_and_no_nonsense);
  tcase_add_test(tc, what_is_torn_or_foreign_is_not_believed);
  tcase_add_test(tc, a_deadly_signal_carries_what_was_not_saved);
  Suite *s = suite_create("flight recorder");
  suite_add_tcase(s, tc);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
