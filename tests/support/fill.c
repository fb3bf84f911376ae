/* cadencia-fill DB CONTACTS ATTEMPTS [DAYS]: a database as years of calls leave it, made through the store's own face, for the
 * measurements of docs/benchmarks.md, its calls spread over so many days. Prints what it cost. Nothing in it is random but a seeded
 * generator. */
#include <cadencia/err.h>
#include <cadencia/ids.h>
#include <campaigns/store.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { GROUP = 64, AGENTS = 20 };
static const int64_t BEGAN_MS = 1767276000000; /* 2026-01-01T14:00:00Z */
static uint64_t seed = 88172645463325252ull;
static unsigned below(unsigned n) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (unsigned)(seed % n);
}
static double cpu_s(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}
static void must(int r, const char *what) {
  if (r >= 0) return;
  fprintf(stderr, "%s: %s\n", what, err_name(r));
  exit(1);
}

static uint64_t campaign(struct store *s, const char *name) {
  struct campaign_def d = {.state = CAMPAIGN_RUNNING, .country = "US", .purpose = "survey", .trunk = "carrier", .seller = "acme"};
  snprintf(d.terms.name, sizeof d.terms.name, "%s", name);
  d.terms.mode = PACING_PREDICTIVE;
  d.terms.screening = 1;
  d.terms.limit_bp = 300;
  d.terms.ring_ms = 25000;
  d.terms.max_wait_ms = 2000;
  d.terms.caller_id = 12025550100;
  for (int i = 0; i < 7; i++) d.gate.hours.close[i] = 1440;
  d.gate.attempts_max = 8;
  d.gate.attempts_window_ms = 86400000;
  d.retry = (struct retry_table){.rules = {{OUTCOME_BUSY, 300000, 30}, {OUTCOME_NO_ANSWER, 3600000, 30}, {OUTCOME_MACHINE, 7200000, 30}},
                                 .count = 3};
  must(store_campaign_put(s, &d), "campaign");
  return d.terms.id;
}

static void contacts(struct store *s, const char *name, uint64_t n) {
  uint64_t job, seen;
  struct contact_row rows[500];
  uint8_t result[500];
  memset(rows, 0, sizeof rows);
  must(store_import_begin(s, name, "list.csv", (struct wall){BEGAN_MS}, &job), "import");
  for (uint64_t i = 0; i < n;) {
    int k = 0;
    for (; k < 500 && i < n; k++, i++)
      rows[k] = (struct contact_row){.phone = 12020000000 + i % 10000000 + i / 10000000 * 100000000, .name = "Ana"};
    must(store_begin(s), "begin");
    must(store_import_rows(s, job, rows, k, result), "rows");
    must(store_commit(s), "commit");
  }
  must(store_import_finish(s, job, &seen), "finish");
}

static void close_one(struct store *s, uint64_t id, uint64_t agent, struct wall at) {
  unsigned dice = below(100);
  struct mail_store_close c = {.attempt_id = id, .ended_by = ENDED_BY_CALLEE};
  c.ringing = wall_add(at, 1200 + below(1500));
  if (dice < 55) {
    c.outcome = OUTCOME_NO_ANSWER, c.sip_code = 487, c.cause = CAUSE_CANCELLED, c.ended = wall_add(at, 25000), c.ended_by = ENDED_BY_SYSTEM;
  } else if (dice < 60) {
    c.outcome = OUTCOME_BUSY, c.sip_code = 486, c.cause = CAUSE_BUSY, c.ended = wall_add(at, 2500);
  } else if (dice < 62) {
    c.outcome = OUTCOME_BLOCKED, c.sip_code = 608, c.cause = CAUSE_BLOCKED, c.ended = wall_add(at, 900), c.ended_by = ENDED_BY_NETWORK;
  } else {
    c.sip_code = 200, c.cause = CAUSE_NORMAL;
    c.answered = wall_add(at, 6000 + below(9000));
    c.greeting_end = wall_add(c.answered, 700 + below(500));
    if (dice < 78) {
      c.outcome = OUTCOME_MACHINE, c.verdict = VERDICT_MACHINE, c.reason = REASON_LONG_GREETING, c.ended = wall_add(c.answered, 1900),
      c.ended_by = ENDED_BY_SYSTEM;
    } else if (dice < 79 && below(2)) {
      c.outcome = OUTCOME_ABANDONED, c.verdict = VERDICT_PERSON, c.abandoned = 1, c.ended = wall_add(c.greeting_end, 7000);
    } else {
      c.outcome = OUTCOME_CONNECTED, c.verdict = VERDICT_PERSON, c.reason = REASON_SHORT_GREETING, c.agent_id = agent;
      c.bridged = wall_add(c.greeting_end, 200 + below(900));
      c.talk_ms = 20000 + below(200000);
      c.ended = c.agent_end = wall_add(c.bridged, c.talk_ms);
    }
  }
  must(store_attempt_close(s, &c), "close");
  if (c.outcome != OUTCOME_CONNECTED) return;
  static const char *const CODES[] = {"SALE", "NI", "NI", "CALLBK", "DEC", "PTP", "A"};
  struct mail_store_dispose d = {.attempt_id = id, .agent_id = agent, .wrapup_ms = 3000 + below(20000), .at = wall_add(c.ended, 4000)};
  const char *code = CODES[below(7)];
  memcpy(d.code, code, strlen(code));
  must(store_dispose(s, &d), "dispose");
  struct mail_store_agent_log a = {.agent_id = agent, .attempt_id = id, .state = AGENT_TALKING, .from = c.bridged, .to = c.ended};
  must(store_agent_log(s, &a), "agent log");
}

int main(int argc, char **argv) {
  if (argc != 4 && argc != 5) return 2;
  struct store_options opt = {.path = argv[1], .share_dir = SOURCE_DIR "/etc", .fast = true};
  uint64_t people = strtoull(argv[2], NULL, 10), attempts = strtoull(argv[3], NULL, 10), agents[AGENTS];
  int64_t step_ms = argc == 5 && attempts ? (int64_t)(strtoull(argv[4], NULL, 10) * 86400000 * GROUP / attempts) : 4000;
  struct store *s = NULL;
  must(store_open(&opt, &s, stderr), "open");
  store_set_clock(s, (struct wall){BEGAN_MS});
  uint64_t id = campaign(s, "spring");
  for (int i = 0; i < AGENTS; i++) {
    struct agent_def a = {.campaign = "spring"};
    snprintf(a.a.name, sizeof a.a.name, "agent%d", i);
    snprintf(a.a.uri, sizeof a.a.uri, "sip:a%d@127.0.0.1", i);
    must(store_agent_put(s, &a), "agent");
    agents[i] = a.a.agent_id;
  }
  double began = cpu_s();
  contacts(s, "spring", people);
  printf("contacts %llu: %.2f us each\n", (unsigned long long)people, 1e6 * (cpu_s() - began) / (double)people);
  began = cpu_s();
  struct id_maker ids = {0, store_last_id(s)};
  struct lease l[GROUP];
  uint64_t done = 0;
  for (int64_t t = 0; done < attempts; t += step_ms) {
    struct now now = {{1000000 + t}, {BEGAN_MS + t}};
    store_set_clock(s, now.wall);
    struct mail_store_want want = {id, GROUP};
    struct mail_store_lease_end end;
    must(store_begin(s), "begin");
    int n = store_lease(s, &want, now, l, &end);
    must(n, "lease");
    uint64_t open[GROUP];
    int opened = 0;
    for (int i = 0; i < n; i++) {
      struct mail_store_open req = {.attempt_id = id_next(&ids, now.wall), .lease = l[i], .caller_id = 12025550100, .started = now.wall};
      struct mail_store_opened reply;
      bool yes = false;
      must(store_attempt_open(s, &req, now, &reply, &yes), "open");
      if (yes) open[opened++] = req.attempt_id;
    }
    must(store_commit(s), "commit");
    must(store_begin(s), "begin");
    for (int i = 0; i < opened; i++) close_one(s, open[i], agents[below(AGENTS)], now.wall);
    must(store_commit(s), "commit");
    done += (uint64_t)opened;
    if (opened == 0) t += 3600000;
  }
  printf("attempts %llu: %.2f us each\n", (unsigned long long)done, 1e6 * (cpu_s() - began) / (double)done);
  store_close(s);
  return 0;
}
