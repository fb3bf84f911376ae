/* cadencia status: the floor now, or what the database says when no daemon runs. */
#include "dialer/base/alert.h"
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <campaigns/law.h>
#include <campaigns/report.h>
#include <stdlib.h>
#include <string.h>

struct status_job {
  struct store_counts counts;
  struct detector_estimate detector;
};
static int job_counts(struct store *s, void *arg) {
  struct status_job *j = arg;
  const int r = store_detector_estimate(s, 0, clock_wall(), false, &j->detector);
  return r < 0 ? r : store_counts(s, NULL, &j->counts);
}

static void bound_live(struct live *live) {
  if (live->campaign_count > LIVE_CAMPAIGNS_MAX) live->campaign_count = LIVE_CAMPAIGNS_MAX;
  if (live->agent_count > LIVE_AGENTS_MAX) live->agent_count = LIVE_AGENTS_MAX;
  if (live->alert_count > LIVE_ALERTS_MAX) live->alert_count = LIVE_ALERTS_MAX;
}

/* The true rate is below that with 95 % confidence. */
static int64_t rate_below_bp(uint64_t num, uint64_t den) {
  int64_t low, high;
  wilson_bp((int64_t)num, (int64_t)den, &low, &high);
  return high;
}

/* The account of the window that binds, as of the pacer's last second; null before it decided anything. */
static json_t *budget_json(const struct live_campaign *p) {
  const struct pacer_why *y = &p->second.why;
  if (p->second.decisions == 0) return json_null();
  return json_pack("{s:s, s:I, s:I, s:i, s:i, s:I, s:I, s:I}", "window", abandon_window_name((enum abandon_window)y->window_kind),
                   "abandoned", (json_int_t)y->abandoned, "live", (json_int_t)y->live, "limit_bp", (int)y->limit_bp, "up_to_bp",
                   (int)rate_below_bp(y->abandoned, y->live), "credit_milli", (json_int_t)y->credit_milli, "debt_milli",
                   (json_int_t)y->debt_milli, "pending_milli", (json_int_t)y->pending_milli);
}

static json_t *campaigns_json(const struct live *l) {
  json_t *array = json_array();
  for (unsigned i = 0; i < l->campaign_count; i++) {
    const struct live_campaign *p = &l->campaigns[i];
    json_array_append_new(
        array, json_pack("{s:o, s:o, s:s, s:s, s:{s:i, s:i, s:i, s:i, s:i, s:i}, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:{s:I, "
                         "s:I, s:i}, s:i}",
                         "name", json_text(p->name), "id", json_id(p->id), "state", campaign_state_name((enum campaign_state)p->state),
                         "mode", pacing_mode_name((enum pacing_mode)p->mode), "calls", "dialing", (int)p->dialing, "ringing",
                         (int)p->ringing, "screening", (int)p->screening, "waiting", (int)p->waiting, "talking", (int)p->talking, "message",
                         (int)p->message, "attempts", (json_int_t)p->attempts, "answered", (json_int_t)p->answered, "connected",
                         (json_int_t)p->connected, "early_hangup", (json_int_t)p->early_hangup, "machines", (json_int_t)p->machines,
                         "no_answer", (json_int_t)p->no_answer, "busy", (json_int_t)p->busy, "failed", (json_int_t)p->failed, "refused",
                         (json_int_t)p->refused, "talk_ms", (json_int_t)p->talk_ms, "abandonment", "num", (json_int_t)p->abandoned, "den",
                         (json_int_t)p->live_answers, "limit_bp", (int)p->limit_bp, "contacts_open", (int)p->open));
    json_object_set_new(json_array_get(array, i), "bound", json_string(pacer_bound_name((enum pacer_bound)p->bound)));
    json_object_set_new(json_array_get(array, i), "late_machines", json_integer((json_int_t)p->late_machines));
    json_object_set_new(json_array_get(array, i), "budget", budget_json(p));
  }
  return array;
}

static json_t *agents_json(const struct live *l) {
  json_t *array = json_array();
  for (unsigned i = 0; i < l->agent_count; i++) {
    const struct live_agent *a = &l->agents[i];
    json_array_append_new(array, json_pack("{s:o, s:o, s:s, s:b, s:i, s:o, s:o, s:o, s:o}", "name", json_text(a->name), "id",
                                           json_id(a->id), "state", agent_state_name((enum agent_state)a->state), "seat_up", a->seat_up,
                                           "calls", (int)a->calls, "since", json_time(a->since), "campaign",
                                           a->campaign < l->campaign_count ? json_text(l->campaigns[a->campaign].name) : json_null(),
                                           "pause", json_text(a->pause), "rests_until", json_time(a->rests_until)));
  }
  return array;
}

static json_t *alerts_json(const struct live *l) {
  json_t *array = json_array();
  char words[LIVE_ALERT_TEXT];
  for (unsigned i = 0; i < l->alert_count; i++)
    json_array_append_new(array, json_pack("{s:o, s:i, s:o}", "at", json_time(l->alerts[i].at), "times", (int)l->alerts[i].times, "text",
                                           json_text(alert_words(&l->alerts[i], false, words))));
  return array;
}

static json_t *counts_json(const struct store_counts *n) {
  return json_pack("{s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I}}", "attempts", (json_int_t)n->attempts, "open_attempts",
                   (json_int_t)n->open_attempts, "contacts", (json_int_t)n->contacts, "contacts_waiting", (json_int_t)n->contacts_waiting,
                   "contacts_done", (json_int_t)n->contacts_done, "abandonment", "num", (json_int_t)n->abandoned, "den",
                   (json_int_t)n->live);
}

/* ---- how long calls wait for the store ---- */

static const char *const WAIT_NAMES[LIVE_WAITS] = {"open", "close", "lease"};

/* The bound in ms below which that share of the waits lies; 0: there were none, -1: past the last one. */
static double wait_within_ms(const struct histogram_view *h, double share) {
  uint64_t all = 0, seen = 0;
  for (int i = 0; i <= HISTOGRAM_BOUNDS; i++) all += h->counts[i];
  if (all == 0) return 0;
  for (int i = 0; i < HISTOGRAM_BOUNDS; i++)
    if ((double)(seen += h->counts[i]) >= share * (double)all) return HISTOGRAM_US[i] / 1e3;
  return -1;
}

static json_t *waits_json(const struct live *l) {
  json_t *all = json_object();
  for (int k = 0; k < LIVE_WAITS; k++) {
    const struct histogram_view *h = &l->health.waits[k];
    json_t *bins = json_array();
    for (int i = 0; i <= HISTOGRAM_BOUNDS; i++)
      json_array_append_new(
          bins, json_pack("[o, I]", i < HISTOGRAM_BOUNDS ? json_real(HISTOGRAM_US[i] / 1e3) : json_null(), (json_int_t)h->counts[i]));
    json_object_set_new(
        all, WAIT_NAMES[k],
        json_pack("{s:f, s:f, s:o}", "p50_ms", wait_within_ms(h, 0.5), "p99_ms", wait_within_ms(h, 0.99), "up_to_ms", bins));
  }
  return all;
}

static void print_wait(FILE *out, const char *before, double ms) {
  if (ms < 0)
    fprintf(out, "%smore than %g ms", before, HISTOGRAM_US[HISTOGRAM_BOUNDS - 1] / 1e3);
  else
    fprintf(out, "%swithin %g ms", before, ms);
}

static void print_waits(FILE *out, const struct live *l) {
  bool any = false;
  for (int k = 0; k < LIVE_WAITS; k++) {
    const double half = wait_within_ms(&l->health.waits[k], 0.5);
    if (half == 0) continue;
    fprintf(out, "%s %s ", any ? ";" : "waits for the disk:", WAIT_NAMES[k]);
    print_wait(out, "half ", half);
    print_wait(out, ", 99 % ", wait_within_ms(&l->health.waits[k], 0.99));
    any = true;
  }
  if (any) fputs("\n", out);
}

static void print_campaigns(FILE *out, const struct live *l) {
  static const char *const HEADS[] = {"CAMPAIGN",  "STATE",      ">DIALING",   ">RINGING", ">SCREENING", ">WAITING", ">TALKING",
                                      ">ATTEMPTS", ">CONNECTED", ">ABANDONED", ">UP TO %", ">CREDIT",    ">OPEN",    NULL};
  struct table *t = table_create(HEADS);
  for (unsigned i = 0; i < l->campaign_count; i++) {
    const struct live_campaign *p = &l->campaigns[i];
    table_put(t, "%s", p->name);
    /* Nothing at all is dialed: that is told beside the state. */
    const bool held = p->state == CAMPAIGN_RUNNING && (p->bound == PACER_BOUND_HOURS || p->bound >= PACER_BOUND_TRUNK);
    table_put(t, "%s%s%s", campaign_state_name((enum campaign_state)p->state), held ? ", held: " : "",
              held ? pacer_bound_name((enum pacer_bound)p->bound) : "");
    table_put(t, "%u", p->dialing);
    table_put(t, "%u", p->ringing);
    table_put(t, "%u", p->screening);
    table_put(t, "%u", p->waiting);
    table_put(t, "%u", p->talking);
    table_put(t, "%llu", (unsigned long long)p->attempts);
    table_put(t, "%llu", (unsigned long long)p->connected);
    table_put(t, "%llu/%llu", (unsigned long long)p->abandoned, (unsigned long long)p->live_answers);
    table_put(t, p->live_answers ? "%.1f" : "-", (double)rate_below_bp(p->abandoned, p->live_answers) / 100.0);
    table_put(t, p->second.decisions ? "%.1f" : "-", (double)p->second.why.credit_milli / 1000.0);
    table_put(t, "%u", p->open);
  }
  table_print(t, out, "no campaign is on the floor; cadencia campaign start NAME");
  table_destroy(t);
}

static void print_queues(FILE *out, const struct live *l) {
  static const char *const HEADS[] = {"QUEUE",     ">WAITING", ">LONGEST S", ">TALKING",     ">IDLE/AGENTS", ">OFFERED",
                                      ">ANSWERED", ">IN TIME", ">ABANDONED", ">TURNED AWAY", ">REFUSED",     NULL};
  if (l->queue_count == 0) return;
  struct table *t = table_create(HEADS);
  for (unsigned i = 0; i < l->queue_count && i < LIVE_QUEUES_MAX; i++) {
    const struct live_queue *q = &l->queues[i];
    table_put(t, "%s", q->name);
    table_put(t, "%u", q->waiting);
    table_put(t, "%u", q->longest_ms / 1000);
    table_put(t, "%u", q->talking);
    table_put(t, "%u/%u", q->idle, q->staff);
    table_put(t, "%llu", (unsigned long long)q->offered);
    table_put(t, "%llu", (unsigned long long)q->served);
    table_put(t, "%llu", (unsigned long long)q->in_time);
    table_put(t, "%llu", (unsigned long long)q->left);
    table_put(t, "%llu", (unsigned long long)(q->timed_out + q->full + q->closed));
    table_put(t, "%llu", (unsigned long long)q->refused);
  }
  table_print(t, out, "");
  table_destroy(t);
  fputc('\n', out);
}

static json_t *queues_json(const struct live *l) {
  json_t *array = json_array();
  for (unsigned i = 0; i < l->queue_count && i < LIVE_QUEUES_MAX; i++) {
    json_t *q = queue_live_json(&l->queues[i]);
    json_object_set_new(q, "queue", json_text(l->queues[i].name));
    json_array_append_new(array, q);
  }
  return array;
}

static void print_agents(FILE *out, const struct live *l) {
  static const char *const HEADS[] = {"AGENT", "STATE", ">SECONDS", "SEAT", ">CALLS", NULL};
  struct table *t = table_create(HEADS);
  for (unsigned i = 0; i < l->agent_count; i++) {
    const struct live_agent *a = &l->agents[i];
    int64_t s = a->since.ms ? (l->at.ms - a->since.ms) / 1000 : 0;
    table_put(t, "%s", a->name);
    table_put(t, "%s%s%.7s%s%s", agent_state_name((enum agent_state)a->state), a->pause[0] ? ": " : "", a->pause,
              a->late_machine ? ", machine?" : "", a->rests_until.ms ? ", rests" : "");
    table_put(t, "%lld", (long long)(s > 0 ? s : 0));
    table_put(t, "%s", a->seat_up ? "up" : "down");
    table_put(t, "%u", a->calls);
  }
  table_print(t, out, "no agent is logged in; cadencia agent login NAME");
  table_destroy(t);
}

static void print_live(struct command_call *c, const struct live *l, const struct store_counts *n) {
  char at[25];
  clock_iso8601(l->started, at);
  fprintf(c->out, "daemon runs since %s%s: %u of %u calls; %llu attempts kept, %llu contacts waiting\n\n", at[0] ? at : "a moment",
          l->draining ? ", draining" : "", l->calls, l->calls_limit, (unsigned long long)n->attempts,
          (unsigned long long)n->contacts_waiting);
  char words[LIVE_ALERT_TEXT];
  for (unsigned i = 0; i < l->alert_count; i++) {
    clock_iso8601(l->alerts[i].at, at);
    fprintf(c->out, "%s  ! %s%s", at, alert_words(&l->alerts[i], false, words), i + 1 == l->alert_count ? "\n\n" : "\n");
  }
  print_campaigns(c->out, l);
  fputc('\n', c->out);
  print_queues(c->out, l);
  print_agents(c->out, l);
  fputc('\n', c->out);
  trunks_print(c->out, l);
  print_waits(c->out, l);
}

int cmd_status(struct command_call *c) {
  struct status_job j;
  int r = c->backend->run(c->backend->self, job_counts, &j, false);
  if (r < 0) return call_refuse_store(c, r, "status");
  if (!c->backend->daemon) {
    if (call_json(c))
      call_put_json(c, json_pack("{s:b, s:o}", "daemon", 0, "records", counts_json(&j.counts)));
    else
      fprintf(c->out, "no daemon runs on %s; %llu attempts kept, %llu of %llu contacts waiting\n", c->backend->config->state_dir,
              (unsigned long long)j.counts.attempts, (unsigned long long)j.counts.contacts_waiting, (unsigned long long)j.counts.contacts);
    return EXIT_GOOD;
  }
  struct live *live = calloc(1, sizeof *live);
  if (!live) return call_refuse(c, "out of memory");
  c->backend->live(c->backend->self, live);
  bound_live(live);
  if (call_json(c))
    call_put_json(c, json_pack("{s:b, s:o, s:o, s:b, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "daemon", 1, "at",
                               json_time(live->at), "started", json_time(live->started), "draining", live->draining, "calls",
                               (int)live->calls, "calls_limit", (int)live->calls_limit, "records", counts_json(&j.counts), "campaigns",
                               campaigns_json(live), "agents", agents_json(live), "alerts", alerts_json(live), "trunks", trunks_json(live),
                               "queues", queues_json(live), "calls_to_unknown_numbers", (json_int_t)live->strange_calls, "store_waits",
                               waits_json(live)));
  else
    print_live(c, live, &j.counts);
  if (!call_json(c)) heard_print(c->out, &j.detector);
  free(live);
  return EXIT_GOOD;
}
