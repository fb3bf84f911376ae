#include "dialer/console/metrics.h"
#include <stdio.h>
#include <stdlib.h>

static void head(FILE *f, const char *name, const char *type, const char *help) {
  fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(FILE *f, const char *name, const char *type, const char *help, double value) {
  head(f, name, type, help);
  fprintf(f, "%s %.15g\n", name, value);
}

/* A label's value: backslash, quote and line end are escaped. */
static void label(FILE *f, const char *text) {
  for (; *text; text++) {
    if (*text == '\\' || *text == '"') fputc('\\', f);
    if (*text == '\n')
      fputs("\\n", f);
    else
      fputc(*text, f);
  }
}

static void of_campaign(FILE *f, const char *name, const struct live_campaign *c, const char *key, const char *what, double value) {
  fprintf(f, "%s{campaign=\"", name);
  label(f, c->name);
  if (key) fprintf(f, "\",%s=\"%s", key, what);
  fprintf(f, "\"} %.15g\n", value);
}

static void calls(FILE *f, const struct live *live) {
  head(f, "cadencia_calls", "gauge", "Calls now, by campaign and state.");
  for (unsigned i = 0; i < live->campaign_count; i++) {
    const struct live_campaign *c = &live->campaigns[i];
    const struct {
      const char *state;
      uint32_t n;
    } states[] = {{"dialing", c->dialing}, {"ringing", c->ringing}, {"screening", c->screening},
                  {"waiting", c->waiting}, {"talking", c->talking}, {"message", c->message}};
    for (size_t k = 0; k < sizeof states / sizeof states[0]; k++)
      of_campaign(f, "cadencia_calls", c, "state", states[k].state, states[k].n);
  }
}

static void outcomes(FILE *f, const struct live *live) {
  head(f, "cadencia_attempts_total", "counter", "Attempts since the daemon started.");
  for (unsigned i = 0; i < live->campaign_count; i++)
    of_campaign(f, "cadencia_attempts_total", &live->campaigns[i], NULL, NULL, (double)live->campaigns[i].attempts);
  head(f, "cadencia_answers_total", "counter", "Attempts that were answered, by whomever.");
  for (unsigned i = 0; i < live->campaign_count; i++)
    of_campaign(f, "cadencia_answers_total", &live->campaigns[i], NULL, NULL, (double)live->campaigns[i].answered);
  head(f, "cadencia_live_answers_total", "counter", "People who answered: the legal denominator of abandonment.");
  for (unsigned i = 0; i < live->campaign_count; i++)
    of_campaign(f, "cadencia_live_answers_total", &live->campaigns[i], NULL, NULL, (double)live->campaigns[i].live_answers);
  head(f, "cadencia_outcomes_total", "counter", "Attempts that ended, by outcome.");
  for (unsigned i = 0; i < live->campaign_count; i++) {
    const struct live_campaign *c = &live->campaigns[i];
    const struct {
      const char *outcome;
      uint64_t n;
    } ends[] = {{"connected", c->connected}, {"abandoned", c->abandoned}, {"early_hangup", c->early_hangup},
                {"machine", c->machines},    {"no_answer", c->no_answer}, {"busy", c->busy},
                {"failed", c->failed},       {"refused", c->refused}};
    for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++)
      of_campaign(f, "cadencia_outcomes_total", c, "outcome", ends[k].outcome, (double)ends[k].n);
  }
}

static void campaign_gauges(FILE *f, const struct live *live) {
  head(f, "cadencia_contacts_open", "gauge", "Contacts not finished.");
  for (unsigned i = 0; i < live->campaign_count; i++)
    of_campaign(f, "cadencia_contacts_open", &live->campaigns[i], NULL, NULL, live->campaigns[i].open);
  head(f, "cadencia_abandonment_limit_ratio", "gauge", "Legal limit of abandonment; 0: none set.");
  for (unsigned i = 0; i < live->campaign_count; i++)
    of_campaign(f, "cadencia_abandonment_limit_ratio", &live->campaigns[i], NULL, NULL, live->campaigns[i].limit_bp / 10000.0);
  head(f, "cadencia_agent_seconds_total", "counter", "Time of agents, by what they did.");
  for (unsigned i = 0; i < live->campaign_count; i++) {
    const struct live_campaign *c = &live->campaigns[i];
    of_campaign(f, "cadencia_agent_seconds_total", c, "state", "talking", (double)c->talk_ms / 1000);
    of_campaign(f, "cadencia_agent_seconds_total", c, "state", "wrapup", (double)c->wrapup_ms / 1000);
    of_campaign(f, "cadencia_agent_seconds_total", c, "state", "ready", (double)c->ready_ms / 1000);
  }
}

static void of_queue(FILE *f, const char *name, const struct live_queue *q, const char *key, const char *what, double value) {
  fprintf(f, "%s{queue=\"", name);
  label(f, q->name);
  if (key) fprintf(f, "\",%s=\"%s", key, what);
  fprintf(f, "\"} %.15g\n", value);
}

static void queue_calls(FILE *f, const struct live *live) {
  head(f, "cadencia_queue_calls_total", "counter", "Callers since the daemon started, by queue and what became of them.");
  for (unsigned i = 0; i < live->queue_count && i < LIVE_QUEUES_MAX; i++) {
    const struct live_queue *q = &live->queues[i];
    const struct {
      const char *what;
      uint64_t n;
    } ends[] = {{"offered", q->offered}, {"answered", q->served},       {"answered_in_time", q->in_time},
                {"abandoned", q->left},  {"timed_out", q->timed_out},   {"full", q->full},
                {"closed", q->closed},   {"overflowed", q->overflowed}, {"refused", q->refused}};
    for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++)
      of_queue(f, "cadencia_queue_calls_total", q, "what", ends[k].what, (double)ends[k].n);
  }
}

static void queues(FILE *f, const struct live *live) {
  static const char *const NAMES[] = {"cadencia_queue_waiting", "cadencia_queue_longest_wait_seconds", "cadencia_queue_talking",
                                      "cadencia_queue_agents", "cadencia_queue_agents_idle"};
  static const char *const HELP[] = {"Callers who wait now.", "Wait of the caller who waits longest.", "Callers who talk with an agent.",
                                     "Agents at work who may serve the queue.", "Of those, idle now."};
  for (size_t k = 0; k < sizeof NAMES / sizeof NAMES[0] && live->queue_count; k++) {
    head(f, NAMES[k], "gauge", HELP[k]);
    for (unsigned i = 0; i < live->queue_count && i < LIVE_QUEUES_MAX; i++) {
      const struct live_queue *q = &live->queues[i];
      const double values[] = {q->waiting, q->longest_ms / 1000.0, q->talking, q->staff, q->idle};
      of_queue(f, NAMES[k], q, NULL, NULL, values[k]);
    }
  }
  if (live->queue_count) queue_calls(f, live);
  one(f, "cadencia_unknown_number_calls_total", "counter", "Callers of numbers that lead to no queue.", (double)live->strange_calls);
}

static void agents(FILE *f, const struct live *live) {
  unsigned by_state[AGENT_STATE_COUNT] = {0}, up = 0;
  for (unsigned i = 0; i < live->agent_count; i++) {
    if (live->agents[i].state < AGENT_STATE_COUNT) by_state[live->agents[i].state]++;
    up += live->agents[i].seat_up;
  }
  head(f, "cadencia_agents", "gauge", "Agents, by state.");
  for (int s = 0; s < AGENT_STATE_COUNT; s++)
    fprintf(f, "cadencia_agents{state=\"%s\"} %u\n", agent_state_name((enum agent_state)s), by_state[s]);
  one(f, "cadencia_seats_up", "gauge", "Agents' phones on the line.", up);
}

/* unit: how many of the bounds make one of what is shown. key NULL: no label. */
static void spread(FILE *f, const char *name, const struct histogram_view *h, const uint32_t bounds[HISTOGRAM_BOUNDS], double unit,
                   const char *key, const char *value) {
  char more[64] = "", alone[64] = "";
  uint64_t below = 0;
  if (key) {
    snprintf(more, sizeof more, "%s=\"%s\",", key, value);
    snprintf(alone, sizeof alone, "{%s=\"%s\"}", key, value);
  }
  for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
    below += h->counts[i];
    fprintf(f, "%s_bucket{%sle=\"", name, more);
    if (i < HISTOGRAM_BOUNDS)
      fprintf(f, "%.15g", bounds[i] / unit);
    else
      fputs("+Inf", f);
    fprintf(f, "\"} %llu\n", (unsigned long long)below);
  }
  fprintf(f, "%s_sum%s %.15g\n%s_count%s %llu\n", name, alone, (double)h->sum / unit, name, alone, (unsigned long long)below);
}

static void health(FILE *f, const struct live_health *h) {
  static const char *const BOXES[LIVE_BOXES] = {"control", "media", "store"};
  head(f, "cadencia_loop_turn_seconds", "histogram", "Turns of the control loop: mail waits at most two of them.");
  spread(f, "cadencia_loop_turn_seconds", &h->turns, HISTOGRAM_US, 1e6, NULL, NULL);
  head(f, "cadencia_beat_lag_seconds", "histogram", "How late each 20 ms beat of media began.");
  spread(f, "cadencia_beat_lag_seconds", &h->beat_lags, HISTOGRAM_US, 1e6, NULL, NULL);
  head(f, "cadencia_commit_seconds", "histogram", "Commits of the records, each with its fsync.");
  spread(f, "cadencia_commit_seconds", &h->commits, HISTOGRAM_US, 1e6, NULL, NULL);
  static const char *const WAITS[LIVE_WAITS] = {"open", "close", "lease"};
  head(f, "cadencia_store_wait_seconds", "histogram", "From asking the store to the disk having it, by what was asked.");
  for (unsigned i = 0; i < LIVE_WAITS; i++) spread(f, "cadencia_store_wait_seconds", &h->waits[i], HISTOGRAM_US, 1e6, "work", WAITS[i]);
  head(f, "cadencia_mailbox_depth", "histogram", "Mails that waited each time that some were taken, by whose mailbox it is.");
  for (unsigned i = 0; i < LIVE_BOXES; i++) spread(f, "cadencia_mailbox_depth", &h->boxes[i], HISTOGRAM_MAILS, 1, "mailbox", BOXES[i]);
}

static void box(FILE *f, const struct live *live) {
  one(f, "cadencia_start_time_seconds", "gauge", "When the daemon started.", (double)live->started.ms / 1000);
  one(f, "cadencia_calls_limit", "gauge", "Calls that the box takes at once.", live->calls_limit);
  one(f, "cadencia_draining", "gauge", "1: no new calls.", live->draining);
  one(f, "cadencia_media_credits", "gauge", "Media sessions that wait for a call.", live->credits);
  one(f, "cadencia_loop_lag_seconds", "gauge", "Longest turn of the control loop since the last picture.", live->loop_lag_max_us / 1e6);
  one(f, "cadencia_sip_restarts_total", "counter", "SIP workers that were started again.", live->sip_restarts);
  one(f, "cadencia_late_mail_total", "counter", "Mail for what had ended already.", (double)live->late_mail);
  one(f, "cadencia_ignored_events_total", "counter", "Events that a state does not know.", (double)live->ignored_events);
  one(f, "cadencia_refused_orders_total", "counter", "Orders that the floor refused.", (double)live->refused_orders);
  one(f, "cadencia_alerts", "gauge", "Alerts that somebody should look at.", live->alert_count);
}

char *metrics_text(const struct picture *picture, struct mono now) {
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);
  if (!f) return NULL;
  one(f, "cadencia_up", "gauge", "1: the floor has been heard within five seconds.",
      picture->have && mono_since(now, picture->received) <= 5000);
  if (picture->have) {
    one(f, "cadencia_picture_age_seconds", "gauge", "Age of what these figures show.", (double)mono_since(now, picture->received) / 1000);
    box(f, &picture->live);
    health(f, &picture->live.health);
    agents(f, &picture->live);
    calls(f, &picture->live);
    outcomes(f, &picture->live);
    campaign_gauges(f, &picture->live);
    queues(f, &picture->live);
  }
  if (fclose(f) == 0) return text;
  free(text);
  return NULL;
}
