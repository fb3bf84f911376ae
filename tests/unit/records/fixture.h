/* fixture.h — a store with one running campaign around New York, a Wednesday noon, and helpers that
 * lead contacts through it. Tests hand in every instant; nothing here reads a clock but the store's own. */
#ifndef TESTS_RECORDS_FIXTURE_H
#define TESTS_RECORDS_FIXTURE_H

#include <cadencia/err.h>
#include <campaigns/store.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t NOON_MS = 1794416400000; /* 2026-11-11T17:00:00Z, 12:00 in New York, a Wednesday */

static inline struct now at_ms(int64_t since_noon_ms) { return (struct now){{1000000 + since_noon_ms}, {NOON_MS + since_noon_ms}}; }

static inline struct campaign_def campaign_like(const char *name) {
  struct campaign_def d = {.state = CAMPAIGN_RUNNING, .country = "US", .purpose = "survey", .trunk = "carrier", .seller = "acme"};
  snprintf(d.terms.name, sizeof d.terms.name, "%s", name);
  d.terms.mode = PACING_PREDICTIVE;
  d.terms.screening = 1;
  d.terms.limit_bp = 300;
  d.terms.ring_ms = 25000;
  d.terms.max_wait_ms = 2000;
  d.terms.wrapup_ms = 5000;
  d.terms.caller_id = 12025550100;
  d.terms.optout_digit = '9';
  strcpy(d.terms.dispositions[1], "SALE");
  strcpy(d.terms.default_disposition, "NI");
  hours_default("US", &d.gate.hours);
  d.gate.attempts_max = 3;
  d.gate.attempts_window_ms = 86400000;
  d.retry = (struct retry_table){.rules = {{OUTCOME_BUSY, 300000, 3}, {OUTCOME_NO_ANSWER, 3600000, 2}, {OUTCOME_MACHINE, 7200000, 2}},
                                 .count = 3};
  return d;
}

static inline struct store *store_at(const char *path) {
  struct store_options opt = {.path = path, .share_dir = SOURCE_DIR "/etc", .box = 3, .fast = path == NULL};
  struct store *s = NULL;
  ck_assert_int_eq(store_open(&opt, &s, stderr), CAD_OK);
  store_set_clock(s, at_ms(0).wall);
  return s;
}

static inline uint64_t with_campaign(struct store *s, const char *name) {
  struct campaign_def d = campaign_like(name);
  ck_assert_int_eq(store_campaign_put(s, &d), CAD_OK);
  return d.terms.id;
}

/* n contacts from `first` on, visible at once. */
static inline void with_contacts(struct store *s, const char *campaign, uint64_t first, int n) {
  uint64_t job, visible = 0;
  ck_assert_int_eq(store_import_begin(s, campaign, "list.csv", at_ms(0).wall, &job), CAD_OK);
  for (int i = 0; i < n; i++) {
    struct contact_row row = {.phone = first + (uint64_t)i, .name = "Ana"};
    uint8_t result = 99;
    ck_assert_int_eq(store_import_rows(s, job, &row, 1, &result), CAD_OK);
    ck_assert_int_eq(result, CONTACT_ADDED);
  }
  ck_assert_int_eq(store_import_finish(s, job, &visible), CAD_OK);
  ck_assert_uint_eq(visible, (uint64_t)n);
}

/* Aborts a job, or takes an import back, to the end; the last answer. */
static inline int to_the_end(int (*step)(struct store *s, uint64_t job), struct store *s, uint64_t job) {
  int more, steps = 0;
  do more = step(s, job);
  while (more > 0 && ++steps < 100000);
  return more;
}

static inline int lease_some(struct store *s, uint64_t campaign, uint16_t count, struct now now, struct lease *out,
                             struct mail_store_lease_end *end) {
  struct mail_store_want want = {campaign, count};
  struct mail_store_lease_end unused;
  return store_lease(s, &want, now, out, end ? end : &unused);
}

/* The refusal, REFUSAL_NONE when it was opened. */
static inline enum refusal open_attempt(struct store *s, const struct lease *l, uint64_t attempt, struct now now, struct wall *next) {
  struct mail_store_open req = {.slot = 1, .gen = 1, .attempt_id = attempt, .lease = *l, .caller_id = 12025550100, .started = now.wall};
  struct mail_store_opened reply = {0};
  bool opened = false;
  ck_assert_int_eq(store_attempt_open(s, &req, now, &reply, &opened), CAD_OK);
  ck_assert_int_eq(opened, reply.reason == REFUSAL_NONE);
  ck_assert_uint_eq(reply.attempt_id, attempt);
  if (next) *next = reply.next;
  return (enum refusal)reply.reason;
}

static inline int close_attempt(struct store *s, uint64_t attempt, enum outcome outcome, struct now now) {
  struct mail_store_close rec = {.attempt_id = attempt, .outcome = (uint8_t)outcome, .ended = now.wall, .sip_code = 486};
  if (outcome == OUTCOME_CONNECTED || outcome == OUTCOME_ABANDONED) rec.answered = wall_add(now.wall, -10000);
  rec.abandoned = outcome == OUTCOME_ABANDONED;
  rec.early_hangup = outcome == OUTCOME_EARLY_HANGUP;
  if (rec.early_hangup) rec.answered = wall_add(now.wall, -3000), rec.verdict = VERDICT_PERSON;
  return store_attempt_close(s, &rec);
}

#endif
