/* A real campaign's log becomes a day: who answers in which hour, how long they ring, talk and are written up. */
#include "dialer/base/config.h"
#include "dialer/simulate.h"
#include <cadencia/err.h>
#include <campaigns/store.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLES_MAX = 1 << 18, LEAST_ATTEMPTS = 50, LEAST_TIMES = 20, HOURS = 24 };
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
  struct times delay, ring, talk, wrap, greeting;
  struct wall first;
  uint64_t agents;
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

static int take_row(void *arg, const struct log_row *r) {
  struct history *h = arg;
  if (r->open || r->inbound || r->outcome == OUTCOME_INTERRUPTED || r->outcome == OUTCOME_CANCELLED) return CAD_OK;
  unsigned hour = (unsigned)(r->started.ms / HOUR_MS % HOURS);
  bool person = r->outcome == OUTCOME_CONNECTED || r->outcome == OUTCOME_ABANDONED || r->outcome == OUTCOME_EARLY_HANGUP;
  bool machine =
      r->outcome == OUTCOME_MACHINE || r->outcome == OUTCOME_SCREENING || r->outcome == OUTCOME_FAX || r->outcome == OUTCOME_DEAD_AIR;
  h->attempts++;
  h->people += person;
  h->machines += machine;
  h->busy += r->outcome == OUTCOME_BUSY;
  h->failed += !person && !machine && r->outcome != OUTCOME_BUSY && r->outcome != OUTCOME_NO_ANSWER;
  h->hour_attempts[hour]++;
  h->hour_people[hour] += person;
  if (h->first.ms == 0) h->first = r->started;
  if (r->ringing.ms) times_add(&h->delay, r->ringing.ms - r->started.ms);
  if (person && r->ringing.ms && r->answered.ms) times_add(&h->ring, r->answered.ms - r->ringing.ms);
  if (person && r->greeting_end.ms) times_add(&h->greeting, r->greeting_end.ms - r->answered.ms);
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
  struct times *all[] = {&h->delay, &h->ring, &h->talk, &h->wrap, &h->greeting};
  int r = h ? CAD_OK : CAD_ENOMEM;
  for (unsigned i = 0; h && i < 5; i++)
    if (!(all[i]->s = calloc(SAMPLES_MAX, sizeof(float)))) r = CAD_ENOMEM;
  scenario_defaults(day);
  if (r == CAD_OK) r = read_history(s, campaign, h, day, err);
  for (unsigned i = 0; h && i < 5; i++) free(all[i]->s);
  free(h);
  store_close(s);
  return r;
}
