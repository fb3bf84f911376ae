/* A real campaign's log becomes a day: who answers in which hour, how long they ring, talk and are written up, how soon
 * screening tells, when agents rest. */
#include "dialer/base/config.h"
#include "dialer/simulate.h"
#include <cadencia/err.h>
#include <campaigns/report.h>
#include <campaigns/store.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLES_MAX = 1 << 18, LEAST_ATTEMPTS = 50, LEAST_TIMES = 20, HOURS = 24, AGENTS_KNOWN = 1024 };
static const int64_t HOUR_MS = 3600000;

/* The newest SAMPLES_MAX durations of a kind, in seconds. */
struct times {
  float *s;
  unsigned count;
  uint64_t seen;
};
struct history {
  uint64_t attempts, people, machines, busy, failed;
  uint64_t hour_attempts[HOURS], hour_people[HOURS];
  struct times delay, ring, talk, wrap, greeting, verdict, machine_ring, machine_verdict;
  struct wall first;
  uint64_t agents;
  /* agents: when each was ready last, and since when the agent of each talk had been */
  uint64_t agent_ids[AGENTS_KNOWN];
  struct wall agent_ready[AGENTS_KNOWN];
  unsigned agents_known;
  struct talk *talks;
  size_t talk_count, talk_room;
  uint64_t work_ms, rest_ms, rests;
  uint64_t hung_up; /* people, while waiting */
  double tried;     /* how many would have, had all of them little patience */
};
struct talk {
  uint64_t attempt;
  struct wall ready;
};

static void times_add(struct times *t, int64_t ms) {
  if (!t->s || ms < 0 || ms > 4 * HOUR_MS) return;
  t->s[t->seen++ % SAMPLES_MAX] = (float)ms / 1000;
  if (t->count < SAMPLES_MAX) t->count++;
}

static int by_size(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* Quantiles when there are enough of them; else what the day says already stays. */
static void times_spread(struct times *t, struct spread *out) {
  if (t->count < LEAST_TIMES) return;
  qsort(t->s, t->count, sizeof *t->s, by_size);
  double sum = 0;
  for (unsigned i = 0; i < t->count; i++) sum += t->s[i];
  out->mean = sum / t->count;
  out->count = QUANTILES;
  for (unsigned i = 0; i < QUANTILES; i++) out->quantile[i] = t->s[(size_t)i * (t->count - 1) / (QUANTILES - 1)];
}

/* ---- agents ---- */

static unsigned agent_place(struct history *h, uint64_t id) {
  unsigned i = 0;
  while (i < h->agents_known && h->agent_ids[i] != id) i++;
  if (i == AGENTS_KNOWN) return i;
  if (i == h->agents_known) h->agent_ids[h->agents_known++] = id;
  return i;
}

static int take_agent(void *arg, const struct agent_row *a) {
  struct history *h = arg;
  int64_t span = a->to.ms - a->from.ms;
  unsigned i = agent_place(h, a->agent_id);
  if (span < 0 || i == AGENTS_KNOWN) return CAD_OK;
  if (a->state == AGENT_PAUSED)
    h->rests++, h->rest_ms += (uint64_t)span;
  else
    h->work_ms += (uint64_t)span;
  if (a->state == AGENT_READY) h->agent_ready[i] = a->from;
  if (a->state != AGENT_TALKING || a->attempt_id == 0 || h->agent_ready[i].ms == 0) return CAD_OK;
  if (h->talk_count == h->talk_room) {
    size_t room = h->talk_room ? h->talk_room * 2 : 4096;
    struct talk *more = realloc(h->talks, room * sizeof *more);
    if (!more) return CAD_ENOMEM;
    h->talks = more, h->talk_room = room;
  }
  h->talks[h->talk_count++] = (struct talk){a->attempt_id, h->agent_ready[i]};
  return CAD_OK;
}

static int by_attempt(const void *a, const void *b) {
  const struct talk *x = a, *y = b;
  return (x->attempt > y->attempt) - (x->attempt < y->attempt);
}

/* Its agent was ready when the call was answered: from the greeting's end to the bridge only screening takes time. */
static bool had_agent(const struct history *h, const struct log_row *r) {
  struct talk key = {.attempt = r->attempt_id};
  const struct talk *t = h->talk_count ? bsearch(&key, h->talks, h->talk_count, sizeof key, by_attempt) : NULL;
  return t && t->ready.ms <= r->answered.ms;
}

/* ---- calls ---- */

/* The impatient hang up evenly between 0.6 and 2 s after their greeting (scenario.c); who is served sooner never shows it. */
static void count_patience(struct history *h, const struct log_row *r) {
  int64_t end_ms = r->bridged.ms ? r->bridged.ms : r->ended.ms, waited_ms = end_ms - r->greeting_end.ms;
  if (r->outcome == OUTCOME_EARLY_HANGUP) {
    h->hung_up++;
    waited_ms = 2000;
  }
  double share = (double)(waited_ms - 600) / 1400;
  h->tried += share < 0 ? 0 : share > 1 ? 1 : share;
}

static int take_row(void *arg, const struct log_row *r) {
  struct history *h = arg;
  if (r->open || r->inbound || r->outcome == OUTCOME_INTERRUPTED || r->outcome == OUTCOME_CANCELLED) return CAD_OK;
  unsigned hour = (unsigned)(r->started.ms / HOUR_MS % HOURS);
  /* Whoever hangs up in the midst of the greeting could not have been served by anybody. */
  bool waited = r->outcome == OUTCOME_EARLY_HANGUP && r->greeting_end.ms != 0;
  bool person = r->outcome == OUTCOME_CONNECTED || r->outcome == OUTCOME_ABANDONED || waited;
  bool machine = r->outcome == OUTCOME_MACHINE || r->outcome == OUTCOME_MESSAGE_LEFT || r->outcome == OUTCOME_SCREENING ||
                 r->outcome == OUTCOME_FAX || r->outcome == OUTCOME_DEAD_AIR;
  h->attempts++;
  h->people += person;
  h->machines += machine;
  h->busy += r->outcome == OUTCOME_BUSY;
  h->failed += !person && !machine && r->outcome != OUTCOME_BUSY && r->outcome != OUTCOME_NO_ANSWER;
  if (person && r->greeting_end.ms) count_patience(h, r);
  if (machine && r->ringing.ms && r->answered.ms) times_add(&h->machine_ring, r->answered.ms - r->ringing.ms);
  if (machine && r->answered.ms) times_add(&h->machine_verdict, r->ended.ms - r->answered.ms);
  h->hour_attempts[hour]++;
  h->hour_people[hour] += person;
  if (h->first.ms == 0) h->first = r->started;
  if (r->ringing.ms) times_add(&h->delay, r->ringing.ms - r->started.ms);
  if (person && r->ringing.ms && r->answered.ms) times_add(&h->ring, r->answered.ms - r->ringing.ms);
  if (person && r->greeting_end.ms) times_add(&h->greeting, r->greeting_end.ms - r->answered.ms);
  if (r->bridged.ms && r->greeting_end.ms && had_agent(h, r)) {
    int64_t took = r->bridged.ms - r->greeting_end.ms;
    times_add(&h->verdict, took > 0 ? took : 0);
  }
  if (r->bridged.ms) times_add(&h->talk, r->talk_ms);
  if (r->bridged.ms && r->wrapup_ms) times_add(&h->wrap, r->wrapup_ms);
  return CAD_OK;
}

/* Hour of the shift: the log's hours in order from the first that was dialed. */
static void answer_by_hour(const struct history *h, struct scenario *day) {
  double mean = (double)h->people / (double)h->attempts;
  unsigned first = (unsigned)(h->first.ms / HOUR_MS % HOURS);
  day->answer_by_hour.count = 0;
  for (unsigned i = 0; i < HOURS && mean > 0; i++) {
    unsigned hour = (first + i) % HOURS;
    if (h->hour_attempts[hour] < 200) continue; /* too few to tell */
    unsigned k = day->answer_by_hour.count++;
    day->answer_by_hour.at_s[k] = i * 3600.0;
    day->answer_by_hour.value[k] = (double)h->hour_people[hour] / (double)h->hour_attempts[hour] / mean;
  }
}

static void to_day(struct history *h, const struct campaign_def *def, struct scenario *day) {
  double n = (double)h->attempts, rest = n - (double)h->people;
  snprintf(day->name, sizeof day->name, "replay of %.40s", def->terms.name);
  day->answer_pct = 100 * (double)h->people / n;
  if (day->answer_pct > 90) day->answer_pct = 90;
  day->machine_pct = rest > 0 ? 100 * (double)h->machines / rest : 0;
  day->busy_pct = rest > 0 ? 100 * (double)h->busy / rest : 0;
  day->fail_pct = rest > 0 ? 100 * (double)h->failed / rest : 0;
  day->classes = 1;
  day->class_share[0] = day->class_factor[0] = 1;
  answer_by_hour(h, day);
  times_spread(&h->delay, &day->delay);
  if (day->delay.count) day->delay_least_s = 0;
  times_spread(&h->ring, &day->ring);
  times_spread(&h->talk, &day->talk);
  times_spread(&h->wrap, &day->wrap);
  times_spread(&h->greeting, &day->greeting);
  times_spread(&h->verdict, &day->verdict);
  times_spread(&h->machine_ring, &day->machine_ring);
  times_spread(&h->machine_verdict, &day->machine_verdict);
  /* Machines that reached an agent are among the connected already; who was taken for one is estimated. */
  day->missed_pct = 0;
  day->mistaken_pct = def->terms.screening ? def->terms.fp_bp / 100.0 : 0;
  day->early_hangup_pct = h->tried >= 1 ? 100 * (double)h->hung_up / h->tried : 0;
  if (day->early_hangup_pct > 100) day->early_hangup_pct = 100;
  day->hours_end = 0;
  day->login_spread_s = 0;
  day->breaks_per_hour = h->work_ms > 0 ? (double)h->rests * (double)HOUR_MS / (double)(h->work_ms + h->rest_ms) : 0;
  if (day->breaks_per_hour > 10) day->breaks_per_hour = 10;
  if (h->rests > 0) day->break_s = (double)h->rest_ms / 1000 / (double)h->rests;
  if (day->break_s < 1) day->break_s = 1;
  if (day->break_s > 7200) day->break_s = 7200;
  day->limit_pct = def->terms.limit_bp / 100.0;
  day->screening = def->terms.screening;
  day->ring_limit_s = def->terms.ring_ms / 1000.0;
  day->hours = 8;
  day->agents = h->agents > SCENARIO_AGENTS_MAX ? SCENARIO_AGENTS_MAX : h->agents ? (uint32_t)h->agents : 1;
}

struct counting {
  const char *campaign;
  uint64_t agents;
};
static int count_agent(void *arg, const struct agent_def *a) {
  struct counting *c = arg;
  c->agents += strcmp(a->campaign, c->campaign) == 0;
  return CAD_OK;
}

static int read_history(struct store *s, const char *campaign, struct history *h, struct scenario *day, FILE *err) {
  struct campaign_def def;
  if (store_campaign_get(s, campaign, &def) < 0) {
    fprintf(err, "cadencia simulate: there is no campaign \"%s\"; cadencia campaign list shows them\n", campaign);
    return CAD_ENOENT;
  }
  struct counting c = {.campaign = campaign};
  struct log_filter filter = {.campaign = campaign};
  int r = store_agent_list(s, count_agent, &c);
  struct call_filter calls = {.campaign = campaign};
  if (r >= 0) r = store_agent_rows_each(s, &calls, take_agent, h);
  if (h->talk_count) qsort(h->talks, h->talk_count, sizeof *h->talks, by_attempt);
  if (r >= 0) r = store_log_each(s, &filter, take_row, h);
  if (r < 0) {
    fprintf(err, "cadencia simulate: the records cannot be read: %s\n", err_name(r));
    return r;
  }
  h->agents = c.agents;
  if (h->attempts < LEAST_ATTEMPTS) {
    fprintf(err, "cadencia simulate: the log of \"%s\" holds %llu finished attempts, at least %d are needed; use --scenario until then\n",
            campaign, (unsigned long long)h->attempts, LEAST_ATTEMPTS);
    return CAD_EMPTY;
  }
  to_day(h, &def, day);
  return CAD_OK;
}

int simulate_replay(const char *config_path, const char *campaign, struct scenario *day, FILE *err) {
  static struct config config;
  char path[CONFIG_PATH_MAX + 16];
  struct store *s = NULL;
  if (!config_path) config_path = access("/etc/cadencia/cadencia.conf", F_OK) == 0 ? "/etc/cadencia/cadencia.conf" : "etc/cadencia.conf";
  if (config_load(config_path, &config, err) < 0) return CAD_EINVAL;
  snprintf(path, sizeof path, "%s/cadencia.db", config.state_dir);
  if (store_open_reader(path, &s, err) < 0) {
    fprintf(err, "cadencia simulate: %s cannot be read; -c FILE names the box whose records are meant\n", path);
    return CAD_ENOENT;
  }
  struct history *h = calloc(1, sizeof *h);
  struct times *all[] = {&h->delay, &h->ring, &h->talk, &h->wrap, &h->greeting, &h->verdict, &h->machine_ring, &h->machine_verdict};
  enum { KINDS = sizeof all / sizeof all[0] };
  int r = h ? CAD_OK : CAD_ENOMEM;
  for (unsigned i = 0; h && i < KINDS; i++)
    if (!(all[i]->s = calloc(SAMPLES_MAX, sizeof(float)))) r = CAD_ENOMEM;
  scenario_defaults(day);
  if (r == CAD_OK) r = read_history(s, campaign, h, day, err);
  for (unsigned i = 0; h && i < KINDS; i++) free(all[i]->s);
  if (h) free(h->talks);
  free(h);
  store_close(s);
  return r;
}
