#include "dialer/console/picture.h"
#include "dialer/base/alert.h"
#include "dialer/base/log.h"
#include <cadencia/err.h>
#include <jansson.h>
#include <pacing/pacer.h>
#include <stdio.h>

static void end_text(char *text, size_t size) { text[size - 1] = 0; }

/* One reason a second and campaign, the newest REASONS_SECONDS of them. */
static void reasons_add(struct reasons *r, struct wall at, unsigned c, const struct live_campaign *from) {
  if (r->id[c] != from->id) {
    memset(r->of[c], 0, sizeof r->of[c]);
    r->id[c] = from->id;
    r->next[c] = 0;
    r->last_ms[c] = -1;
  }
  if (from->second.decisions == 0 || from->second.at_ms == r->last_ms[c]) return;
  r->last_ms[c] = from->second.at_ms;
  struct reason now = {at.ms / 1000, (uint16_t)(from->second.launched > 0xffff ? 0xffff : from->second.launched), from->second.why.bound};
  r->of[c][r->next[c]] = now;
  r->next[c] = (r->next[c] + 1) % REASONS_SECONDS;
}

int picture_take(struct picture *picture, const void *bytes, size_t size, struct mono now) {
  const struct live *in = bytes;
  picture->dropped++; /* until it has passed */
  if (size < offsetof(struct live, agents) || size > sizeof *in) return CAD_EFORMAT;
  if (in->version != LIVE_VERSION) return CAD_EVERSION;
  if (in->agent_count > LIVE_AGENTS_MAX || in->campaign_count > LIVE_CAMPAIGNS_MAX || size != live_bytes(in)) return CAD_EFORMAT;
  picture->dropped--;
  picture->taken++;
  memcpy(&picture->live, in, size);
  picture->have = true;
  picture->received = now;
  picture->event = blob_release(picture->event);

  struct live *live = &picture->live;
  struct point p = {.calls = live->calls};
  for (unsigned i = 0; i < live->campaign_count; i++) {
    end_text(live->campaigns[i].name, sizeof live->campaigns[i].name);
    p.waiting += live->campaigns[i].waiting;
    reasons_add(&picture->reasons, live->at, i, &live->campaigns[i]);
  }
  for (unsigned i = 0; i < live->agent_count; i++) {
    end_text(live->agents[i].name, sizeof live->agents[i].name);
    p.talking += live->agents[i].state == AGENT_TALKING;
    p.ready += live->agents[i].state == AGENT_READY;
  }
  series_add(&picture->series, live->at, p);
  return CAD_OK;
}

static json_t *number(uint64_t n) { return json_integer((json_int_t)(n > INT64_MAX ? INT64_MAX : n)); }

/* Ids are 64 bits: as JSON numbers a browser would round them. */
static json_t *id_text(uint64_t id) {
  char text[24];
  snprintf(text, sizeof text, "%llu", (unsigned long long)id);
  return json_string(text);
}

/* A name that is not UTF-8 is shown with its strange bytes replaced, not dropped. */
static json_t *name_text(const char *name) {
  json_t *text = json_string(name);
  if (text) return text;
  char safe[LIVE_ALERT_TEXT];
  snprintf(safe, sizeof safe, "%s", name);
  for (char *p = safe; *p; p++)
    if ((unsigned char)*p >= 0x80) *p = '?';
  return json_string(safe);
}

static json_t *rate(uint64_t num, uint64_t den) { return json_pack("{so so}", "num", number(num), "den", number(den)); }

/* The pacer's last whole second: what it saw, expected, decided, and what held it back. */
static json_t *why_json(const struct pacer_second *s) {
  const struct pacer_why *y = &s->why;
  if (s->decisions == 0) return json_null();
  json_t *j = json_pack("{so so so so so so so so so so}", "launched", number(s->launched), "given_up", number(s->given_up), "ready",
                        number(y->ready), "talking", number(y->talking), "ringing", number(y->ringing), "waiting", number(y->waiting),
                        "freeing_milli", number(y->freeing_milli), "people_milli", number(y->people_milli), "answer_bp",
                        number(y->answer_bp), "risk_bp", number(y->risk_bp));
  json_t *k =
      json_pack("{so so si ss ss ss}", "allowed_bp", number(y->allowed_bp), "credit_milli", json_integer((json_int_t)y->credit_milli),
                "within_ms", PACER_WHY_AHEAD_MS, "bound", pacer_bound_name((enum pacer_bound)y->bound), "mode",
                pacing_mode_name((enum pacing_mode)y->mode), "dials", pacing_mode_name((enum pacing_mode)y->dials));
  if (j) json_object_update(j, k);
  json_decref(k);
  return j;
}

static json_t *campaign_json(const struct live_campaign *c) {
  json_t *now =
      json_pack("{so so so so so so}", "dialing", number(c->dialing), "ringing", number(c->ringing), "screening", number(c->screening),
                "waiting", number(c->waiting), "talking", number(c->talking), "message", number(c->message));
  json_t *outcomes = json_pack("{so so so so so so so}", "connected", number(c->connected), "abandoned", number(c->abandoned),
                               "early_hangup", number(c->early_hangup), "machine", number(c->machines), "no_answer", number(c->no_answer),
                               "busy", number(c->busy), "failed", number(c->failed));
  if (outcomes) json_object_set_new(outcomes, "late_machine", number(c->late_machines));
  json_t *abandonment = rate(c->abandoned, c->live_answers);
  if (abandonment) json_object_set_new(abandonment, "limit_bp", number(c->limit_bp));
  if (abandonment) json_object_set_new(abandonment, "up_to_bp", number(pacer_wilson_bp(c->abandoned, c->live_answers)));
  const char *bound = pacer_bound_name((enum pacer_bound)c->bound);
  return json_pack("{so so ss ss ss so so so so so so so so so so}", "id", id_text(c->id), "name", name_text(c->name), "state",
                   campaign_state_name((enum campaign_state)c->state), "mode", pacing_mode_name((enum pacing_mode)c->mode), "bound", bound,
                   "now", now, "attempts", number(c->attempts), "refused", number(c->refused), "outcomes", outcomes, "answers",
                   rate(c->answered, c->attempts), "abandonment", abandonment, "occupancy",
                   rate(c->talk_ms + c->wrapup_ms, c->talk_ms + c->wrapup_ms + c->ready_ms), "leases", number(c->leases), "open",
                   number(c->open), "why", why_json(&c->second));
}

static json_t *agent_json(const struct live_agent *a, unsigned campaign_count) {
  char masked[24];
  json_t *json = json_pack("{so so ss sb so so so so}", "id", id_text(a->id), "name", name_text(a->name), "state",
                           agent_state_name((enum agent_state)a->state), "seat_up", a->seat_up, "campaign",
                           a->campaign < campaign_count ? json_integer(a->campaign) : json_null(), "calls", number(a->calls), "phone",
                           a->phone ? json_string(log_phone(a->phone, masked)) : json_null(), "since", json_integer(a->since.ms));
  if (json && a->pause[0]) json_object_set_new(json, "pause", name_text(a->pause));
  if (json && a->rests_until.ms) json_object_set_new(json, "rests_until", json_integer(a->rests_until.ms));
  if (json && a->late_machine)
    json_object_set_new(json, "late_machine", json_string(verdict_reason_name((enum verdict_reason)a->late_machine)));
  return json;
}

static json_t *queue_json(const struct live_queue *q, unsigned campaign_count) {
  uint64_t done = q->served + q->left + q->timed_out + q->full;
  return json_pack("{so so so so so so so so so so so so so so so}", "id", name_text(q->name), "name", name_text(q->name), "campaign",
                   q->campaign < campaign_count ? json_integer(q->campaign) : json_null(), "waiting", number(q->waiting), "longest_ms",
                   number(q->longest_ms), "talking", number(q->talking), "agents", number(q->staff), "idle", number(q->idle), "offered",
                   number(q->offered), "answered", number(q->served), "abandoned", number(q->left), "turned_away",
                   number(q->timed_out + q->full + q->closed), "refused", number(q->refused), "service", rate(q->in_time, done),
                   "service_ms", number(q->service_ms));
}

static json_t *point_json(const struct point *p) {
  return json_pack("[I I I I I]", (json_int_t)p->second, (json_int_t)p->calls, (json_int_t)p->talking, (json_int_t)p->waiting,
                   (json_int_t)p->ready);
}

/* In both languages: the picture is every viewer's. */
static json_t *alert_json(const struct live_alert *a) {
  char en[LIVE_ALERT_TEXT], es[LIVE_ALERT_TEXT];
  return json_pack("{so so so so}", "at", json_integer(a->at.ms), "times", number(a->times), "en", name_text(alert_words(a, false, en)),
                   "es", name_text(alert_words(a, true, es)));
}

static json_t *picture_json(const struct picture *picture) {
  const struct live *live = &picture->live;
  json_t *campaigns = json_array(), *agents = json_array(), *queues = json_array(), *alerts = json_array();
  for (unsigned i = 0; i < live->alert_count && i < LIVE_ALERTS_MAX; i++) json_array_append_new(alerts, alert_json(&live->alerts[i]));
  for (unsigned i = 0; i < live->queue_count && i < LIVE_QUEUES_MAX; i++)
    json_array_append_new(queues, queue_json(&live->queues[i], live->campaign_count));
  for (unsigned i = 0; i < live->campaign_count; i++) json_array_append_new(campaigns, campaign_json(&live->campaigns[i]));
  for (unsigned i = 0; i < live->agent_count; i++) json_array_append_new(agents, agent_json(&live->agents[i], live->campaign_count));
  json_t *box = json_pack("{so so so so so}", "loop_lag_max_us", number(live->loop_lag_max_us), "sip_restarts", number(live->sip_restarts),
                          "late_mail", number(live->late_mail), "ignored_events", number(live->ignored_events), "refused_orders",
                          number(live->refused_orders));
  return json_pack("{si so so so sb so so so so so so so so so}", "version", LIVE_VERSION, "sequence", number(live->sequence), "at",
                   json_integer(live->at.ms), "started", json_integer(live->started.ms), "draining", live->draining, "calls",
                   number(live->calls), "calls_limit", number(live->calls_limit), "credits", number(live->credits), "campaigns", campaigns,
                   "agents", agents, "queues", queues, "alerts", alerts, "box", box, "point", point_json(series_last(&picture->series)));
}

struct blob *picture_event(struct picture *picture) {
  if (!picture->have || picture->event) return picture->event;
  json_t *json = picture_json(picture);
  char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
  json_decref(json);
  if (!text) return NULL;
  char head[64];
  snprintf(head, sizeof head, "event: live\nid: %u\ndata: ", picture->live.sequence);
  picture->event = blob_create(head, text, strlen(text), "\n\n");
  free(text);
  return picture->event;
}

/* By campaign: [second, launched, bound] of the last minutes, oldest first. */
static json_t *reasons_json(const struct picture *picture) {
  json_t *all = json_object();
  for (unsigned c = 0; c < picture->live.campaign_count; c++) {
    const struct reasons *r = &picture->reasons;
    json_t *list = json_array();
    for (unsigned i = 0; i < REASONS_SECONDS; i++) {
      const struct reason *at = &r->of[c][(r->next[c] + i) % REASONS_SECONDS];
      if (at->second && r->id[c] == picture->live.campaigns[c].id)
        json_array_append_new(
            list, json_pack("[I i s]", (json_int_t)at->second, (int)at->launched, pacer_bound_name((enum pacer_bound)at->bound)));
    }
    char id[24];
    snprintf(id, sizeof id, "%llu", (unsigned long long)picture->live.campaigns[c].id);
    json_object_set_new(all, id, list);
  }
  return all;
}

char *picture_series_json(const struct picture *picture) {
  json_t *points = json_array();
  for (unsigned i = 0; i < picture->series.count; i++) json_array_append_new(points, point_json(series_at(&picture->series, i)));
  json_t *json =
      json_pack("{si so so so}", "step_ms", 1000, "columns", json_pack("[s s s s s]", "second", "calls", "talking", "waiting", "ready"),
                "points", points, "reasons", reasons_json(picture));
  char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
  json_decref(json);
  return text;
}

void picture_clear(struct picture *picture) { picture->event = blob_release(picture->event); }
