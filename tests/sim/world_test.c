/* The real control, floor, pacing, law and records in virtual time. world_run checks its invariants
 * itself: no INVITE without its committed attempt, no contact in two attempts, no agent with two calls,
 * every call ends, attempts = rows = outcomes. Here they are put under many seeds and faults. */
#include "crash_disk.h"
#include "dialer/sim/world.h"
#include <cadencia/err.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EVERY_FAULT = 12 }; /* so many seeds in a row have each kind of fault */

static struct world_params small_day(uint64_t seed) {
  struct world_params p;
  world_defaults(&p);
  p.seed = seed;
  p.day.agents = 6;
  p.day.hours = 8.0 / 60;
  p.day.talk.mean = 20;
  p.day.wrap.mean = 4;
  p.day.lines = 136;
  p.day.calls_per_s = 1000;
  p.on_demand = p.sloppy = true;
  p.share_dir = SOURCE_DIR "/etc";
  return p;
}

static struct world_result run(const struct world_params *p) {
  struct world_result r;
  char broken[160];
  int err = world_run(p, &r, broken, NULL, NULL);
  ck_assert_msg(err == CAD_OK, "seed %llu, mode %d: %s %s", (unsigned long long)p->seed, p->mode, err_name(err), broken);
  return r;
}

START_TEST(a_quiet_day_connects_people_and_balances) {
  struct world_params p = small_day(1);
  p.day.hours = 0.25;
  struct world_result r = run(&p);
  ck_assert_uint_gt(r.attempts, 50);
  ck_assert_uint_gt(r.connected, 20);
  ck_assert_uint_eq(r.log_rows, r.attempts);
  ck_assert_uint_eq(r.invites, r.opens);
}
END_TEST

START_TEST(phones_are_given_up_as_early_as_the_campaign_says_and_no_earlier) {
  struct world_params p = small_day(11);
  p.on_demand = p.sloppy = false;
  p.day.agents = 10;
  p.day.hours = 0.5;
  p.day.talk.mean = 60;
  p.day.answer_pct = 12;
  p.day.ring_limit_s = 40;
  p.day.give_up_s = 15;
  struct world_result early = run(&p);
  p.day.give_up_s = 39;
  struct world_result late = run(&p);
  ck_assert_uint_gt(early.given_up, 20);
  ck_assert_uint_lt(late.given_up, early.given_up);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_day) {
  struct world_params p = small_day(7);
  p.delay_bp = p.duplicate_bp = 200;
  struct world_result a = run(&p), b = run(&p);
  ck_assert_uint_eq(a.hash, b.hash);
  p.seed = 8;
  struct world_result c = run(&p);
  ck_assert_uint_ne(a.hash, c.hash);
}
END_TEST

START_TEST(progressive_never_dials_more_than_idle_agents) {
  struct world_params p = small_day(3);
  p.mode = PACING_PROGRESSIVE;
  p.vanish_bp = 0;
  struct world_result r = run(&p);
  ck_assert_uint_gt(r.connected, 10);
  ck_assert_uint_eq(r.abandoned, 0);
}
END_TEST

START_TEST(a_short_list_is_called_once_each_within_the_limit_and_then_nobody_is) {
  struct world_params p;
  world_defaults(&p);
  p.share_dir = SOURCE_DIR "/etc";
  p.seed = 21;
  p.day.agents = 8;
  p.day.hours = 0.5;
  p.day.contacts = 333;
  struct world_result r = run(&p);
  ck_assert_uint_eq(r.attempts, 333);
  ck_assert_uint_gt(r.connected, 40);
  ck_assert_uint_le(r.abandoned * 100, 3 * (r.abandoned + r.connected));
  ck_assert_uint_gt(r.ready_ms, 8 * 300000); /* the rest of the shift there is nothing to do */
}
END_TEST

START_TEST(whoever_leaves_in_the_midst_of_his_greeting_is_nobodys_loss) {
  struct world_params p = small_day(9);
  p.vanish_bp = p.hangup_bp = 0;
  p.day.hasty_pct = 100;
  struct world_result r = run(&p);
  ck_assert_uint_gt(r.people, 20);
  ck_assert_uint_eq(r.lost_people, 0);
  ck_assert_uint_gt(r.early_hangup, 20);
}
END_TEST

START_TEST(a_reckless_ratio_abandons_and_the_log_says_so) {
  struct world_params p = small_day(5);
  p.mode = PACING_RATIO;
  p.ratio_x100 = 1200;
  p.day.answer_pct = 66;
  p.day.machine_pct = 10;
  struct world_result r = run(&p);
  ck_assert_uint_gt(r.abandoned, 0);
  ck_assert_uint_eq(r.outcomes[OUTCOME_ABANDONED], r.abandoned);
}
END_TEST

/* Decisions come at odd moments here, calls fail between them, phones take their time to ring: what the pacer learns must
 * survive all that, and the limit with it. */
START_TEST(a_predictive_shift_keeps_the_limit_on_floors_of_any_size) {
  static const uint32_t FLOORS[] = {5, 10, 20};
  for (int i = 0; i < 3; i++) {
    struct world_params p;
    world_defaults(&p);
    p.share_dir = SOURCE_DIR "/etc";
    p.seed = 9;
    p.day.agents = FLOORS[i];
    p.day.hours = 2;
    struct world_result r = run(&p);
    ck_assert_msg(10000 * r.abandoned <= 300 * (r.abandoned + r.connected), "%u agents, seed %llu: %llu of %llu", p.day.agents,
                  (unsigned long long)p.seed, (unsigned long long)r.abandoned, (unsigned long long)(r.abandoned + r.connected));
    p.mode = PACING_PROGRESSIVE;
    struct world_result slow = run(&p);
    ck_assert_msg(r.connected > slow.connected * 11 / 10, "%u agents: predictive connects no more than progressive", p.day.agents);
  }
}
END_TEST

START_TEST(invariants_hold_over_many_seeds_of_faults) {
  static const enum pacing_mode MODES[] = {PACING_PREDICTIVE, PACING_PROGRESSIVE, PACING_RATIO, PACING_PREVIEW};
  const char *text = getenv("CADENCIA_SIM_SEEDS");
  const char *from = getenv("CADENCIA_SIM_FROM"); /* where a longer run goes on */
  int seeds = text ? atoi(text) : 60, first = from ? atoi(from) : 0;
  uint64_t deaths = 0, refused = 0, attempts = 0;
  for (int s = first; s < first + seeds; s++) {
    struct world_params p = small_day(1000 + (uint64_t)s);
    p.mode = MODES[s % 4];
    p.ratio_x100 = 300;
    p.day.hours = 4.0 / 60;
    p.delay_bp = (uint32_t)(s % 5) * 200;
    p.duplicate_bp = (uint32_t)(s % 4) * 200;
    p.refuse_bp = (uint32_t)(s % 3) * 300;
    p.vanish_bp = (uint32_t)(s % 6) * 300;
    p.worker_deaths = (uint32_t)(s % 4);
    if (s % 7 == 0) p.day.lines = 4;
    if (s % 5 == 0) p.day.calls_per_s = 2;
    p.stall_bp = s % 5 == 1 ? 100 : 0;
    p.cross_bp = s % 3 == 1 ? 500 : 0;
    p.hangup_bp = s % 5 == 2 ? 3000 : 0;
    p.whim_ms = s % 3 == 2 ? 6000 : 0;
    p.pressure_ms = s % 7 == 3 ? 8000 : 0;
    p.clock_steps = s % 11 == 5 ? 2 : 0;
    struct world_result r = run(&p);
    deaths += r.worker_deaths;
    refused += r.refused;
    attempts += r.attempts;
  }
  printf("%d seeds: %llu attempts, %llu refusals, %llu dead workers, 0 violations\n", seeds, (unsigned long long)attempts,
         (unsigned long long)refused, (unsigned long long)deaths);
  if (seeds < EVERY_FAULT) return; /* one seed alone may be a day without faults */
  ck_assert_uint_gt(deaths, 0);
  ck_assert_uint_gt(refused, 0);
}
END_TEST

START_TEST(nothing_is_lost_or_called_twice_when_the_disk_dies_in_the_midst_of_a_write) {
  static const enum pacing_mode MODES[] = {PACING_PREDICTIVE, PACING_PROGRESSIVE, PACING_RATIO};
  const char *text = getenv("CADENCIA_SIM_SEEDS");
  const char *from = getenv("CADENCIA_SIM_FROM");
  int seeds = text ? atoi(text) : 40, first = from ? atoi(from) : 0;
  uint64_t deaths = 0, recovered = 0, attempts = 0, refusals = 0;
  struct crash_disk_counts lost = {0};
  crash_disk_register();
  for (int s = first; s < first + seeds; s++) {
    struct world_params p = small_day(50000 + (uint64_t)s);
    crash_disk_format();
    p.disk = (struct world_disk){crash_disk_arm, crash_disk_dead, crash_disk_revive, crash_disk_full};
    p.mode = MODES[s % 3];
    p.ratio_x100 = 300;
    p.day.hours = 4.0 / 60;
    p.disk_deaths = (uint32_t)(s % 4);
    p.disk_fills = s % 3 == 1 ? 2 : 0;
    p.delay_bp = (uint32_t)(s % 5) * 100;
    p.duplicate_bp = (uint32_t)(s % 4) * 100;
    p.worker_deaths = s % 5 == 1 ? 2 : 0;
    p.hangup_bp = s % 7 == 2 ? 1000 : 0;
    p.clock_steps = s % 11 == 5 ? 1 : 0;
    struct world_result r = run(&p);
    struct crash_disk_counts c = crash_disk_count();
    deaths += r.disk_deaths;
    recovered += r.recovered;
    attempts += r.log_rows;
    refusals += r.disk_refusals;
    lost.lost += c.lost, lost.kept += c.kept, lost.torn += c.torn, lost.full += c.full;
  }
  crash_disk_format();
  printf("%d seeds over a disk: %llu rows, %llu deaths, %llu attempts found open, %llu refusals of a full disk; writes never synced: %llu "
         "lost, %llu kept, %llu torn; 0 violations\n",
         seeds, (unsigned long long)attempts, (unsigned long long)deaths, (unsigned long long)recovered, (unsigned long long)refusals,
         (unsigned long long)lost.lost, (unsigned long long)lost.kept, (unsigned long long)lost.torn);
  if (seeds < EVERY_FAULT) return;
  ck_assert_uint_gt(deaths, 0);
  ck_assert_uint_gt(recovered, 0);
  ck_assert_uint_gt(lost.lost + lost.torn, 0);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_day_over_a_disk_that_dies) {
  uint64_t hash[2];
  crash_disk_register();
  for (int i = 0; i < 2; i++) {
    struct world_params p = small_day(77);
    crash_disk_format();
    p.disk = (struct world_disk){crash_disk_arm, crash_disk_dead, crash_disk_revive, crash_disk_full};
    p.disk_deaths = 2;
    p.disk_fills = 1;
    struct world_result r = run(&p);
    ck_assert_uint_eq(r.disk_deaths, 2);
    hash[i] = r.hash;
  }
  ck_assert_uint_eq(hash[0], hash[1]);
}
END_TEST

START_TEST(a_simulated_disk_leaves_nothing_on_the_real_one) {
  char dir[] = "/tmp/cadencia-world-XXXXXX", was[512];
  ck_assert_ptr_nonnull(getcwd(was, sizeof was));
  ck_assert_ptr_nonnull(mkdtemp(dir));
  ck_assert_int_eq(chdir(dir), 0);
  crash_disk_register();
  crash_disk_format();
  struct world_params p = small_day(78);
  p.day.hours = 1.0 / 60;
  p.disk = (struct world_disk){crash_disk_arm, crash_disk_dead, crash_disk_revive, crash_disk_full};
  p.disk_deaths = 1;
  run(&p);
  ck_assert_int_eq(chdir(was), 0);
  ck_assert_msg(rmdir(dir) == 0, "the run left files in %s", dir);
}
END_TEST

int main(void) {
  Suite *s = suite_create("world");
  TCase *t = tcase_create("virtual days");
  tcase_set_timeout(t, 500);
  tcase_add_test(t, a_quiet_day_connects_people_and_balances);
  tcase_add_test(t, phones_are_given_up_as_early_as_the_campaign_says_and_no_earlier);
  tcase_add_test(t, the_same_seed_gives_the_same_day);
  tcase_add_test(t, progressive_never_dials_more_than_idle_agents);
  tcase_add_test(t, a_short_list_is_called_once_each_within_the_limit_and_then_nobody_is);
  tcase_add_test(t, whoever_leaves_in_the_midst_of_his_greeting_is_nobodys_loss);
  tcase_add_test(t, a_reckless_ratio_abandons_and_the_log_says_so);
  tcase_add_test(t, a_predictive_shift_keeps_the_limit_on_floors_of_any_size);
  tcase_add_test(t, invariants_hold_over_many_seeds_of_faults);
  tcase_add_test(t, nothing_is_lost_or_called_twice_when_the_disk_dies_in_the_midst_of_a_write);
  tcase_add_test(t, the_same_seed_gives_the_same_day_over_a_disk_that_dies);
  tcase_add_test(t, a_simulated_disk_leaves_nothing_on_the_real_one);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
