/* cadencia desk: what an agent's screen shows. The daemon owns it all, so that a reload or another browser shows the same. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include <cadencia/err.h>
#include <campaigns/pauses.h>
#include <campaigns/users.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 86400 };

struct desk {
  const char *name;
  struct agent_def agent;
  struct campaign_def campaign;
  struct live_agent now; /* id 0: the floor does not run, or does not know the agent */
  struct contact_card card, shown;
  bool has_card, has_shown; /* shown: preview, not yet dialed */
  struct agent_day day;
  struct wall since;
  char note[USER_NOTE_MAX + 1];
  bool calls_back[10];  /* by keypad digit: this disposition promises another call */
  char fields[10][160]; /* what is written down with it */
  json_t *pauses;
};

static int take_pause(void *arg, const struct pause_reason *p, bool own) {
  json_array_append_new(arg, json_pack("{s:o, s:o, s:b}", "code", json_text(p->code), "name", json_text(p->name), "own", (int)own));
  return CAD_OK;
}

static int read_forms(struct store *s, struct desk *d) {
  for (int i = 0; i < 10; i++) {
    struct disposition_def def;
    const char *code = d->campaign.terms.dispositions[i];
    if (code[0] && store_disposition_get(s, d->agent.campaign, code, &def) >= 0)
      d->calls_back[i] = def.effect == EFFECT_CALLS_BACK, snprintf(d->fields[i], sizeof d->fields[i], "%s", def.fields);
  }
  return store_pause_each(s, d->agent.campaign, take_pause, d->pauses);
}

static int job_desk(struct store *s, void *arg) {
  struct desk *d = arg;
  int err = store_agent_get(s, d->name, &d->agent);
  if (err < 0) return err;
  if ((err = store_campaign_get(s, d->agent.campaign, &d->campaign)) < 0 && err != CAD_ENOENT) return err;
  json_array_clear(d->pauses);
  if (err >= 0 && (err = read_forms(s, d)) < 0) return err;
  if (d->now.attempt && (err = store_note_get(s, d->agent.a.agent_id, d->now.attempt, d->note)) < 0) return err;
  d->has_card = d->now.case_id && store_contact_card(s, d->now.case_id, &d->card) >= 0;
  d->has_shown = d->now.shown_case && store_contact_card(s, d->now.shown_case, &d->shown) >= 0;
  return store_agent_day(s, d->agent.a.agent_id, d->since, &d->day);
}

static void find_live(struct command_call *c, struct desk *d) {
  struct live *live = c->backend->daemon ? malloc(sizeof *live) : NULL;
  if (!live) return;
  c->backend->live(c->backend->self, live);
  for (unsigned i = 0; i < live->agent_count; i++)
    if (strncmp(live->agents[i].name, d->name, sizeof live->agents[i].name) == 0) d->now = live->agents[i];
  free(live);
}

static json_t *call_json_of(const struct desk *d) {
  char phone[24];
  if (!d->now.attempt) return json_null();
  snprintf(phone, sizeof phone, d->now.phone ? "+%llu" : "", (unsigned long long)d->now.phone);
  json_t *extra = d->has_card && d->card.extra[0] ? json_loads(d->card.extra, 0, NULL) : NULL;
  return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "attempt", json_id(d->now.attempt), "phone", phone, "name",
                   json_text(d->has_card ? d->card.name : ""), "language", json_text(d->has_card ? d->card.language : ""), "zone",
                   json_text(d->has_card ? d->card.zone : ""), "reference", json_text(d->has_card ? d->card.external_id : ""), "fields",
                   extra ? extra : json_object(), "note", json_text(d->note));
}

/* Who is shown to the agent before anybody is dialed. */
static json_t *preview_json_of(const struct desk *d) {
  char phone[24];
  if (!d->now.shown_case) return json_null();
  const struct contact_card *c = &d->shown;
  json_t *extra = d->has_shown && c->extra[0] ? json_loads(c->extra, 0, NULL) : NULL;
  snprintf(phone, sizeof phone, "+%llu", (unsigned long long)d->now.shown_phone);
  return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o}", "contact", json_id(d->now.shown_case), "phone", phone, "name",
                   json_text(d->has_shown ? c->name : ""), "language", json_text(d->has_shown ? c->language : ""), "zone",
                   json_text(d->has_shown ? c->zone : ""), "reference", json_text(d->has_shown ? c->external_id : ""), "fields",
                   extra ? extra : json_object(), "tries", (int)d->now.shown_tries, "since", json_time(d->now.shown_at), "dials_at",
                   d->now.dials_at.ms ? json_time(d->now.dials_at) : json_null());
}

static json_t *codes_json(const struct desk *d) {
  json_t *codes = json_array();
  for (int i = 0; i < 10; i++)
    if (d->campaign.terms.dispositions[i][0])
      json_array_append_new(codes, json_pack("{s:i, s:o, s:b, s:o}", "key", i, "code", json_text(d->campaign.terms.dispositions[i]),
                                             "calls_back", (int)d->calls_back[i], "fields", json_text(d->fields[i])));
  return codes;
}

static json_t *day_json(const struct desk *d) {
  json_t *day = json_object();
  json_object_set_new(day, "calls", json_integer((json_int_t)d->day.calls));
  for (int i = AGENT_PAUSED; i < AGENT_STATE_COUNT; i++) {
    char key[48];
    snprintf(key, sizeof key, "%s_ms", agent_state_name((enum agent_state)i));
    json_object_set_new(day, key, json_integer((json_int_t)d->day.ms[i]));
  }
  return day;
}

int cmd_desk_show(struct command_call *c) {
  struct wall now = clock_wall();
  /* "Today" is the last whole day of UTC seconds at the box; an agent's own day is kept by the reports. */
  struct desk d = {.name = c->args->words[0], .since = {now.ms - now.ms % ((int64_t)DAY_S * 1000)}};
  find_live(c, &d);
  d.pauses = json_array();
  int r = c->backend->run(c->backend->self, job_desk, &d, false);
  if (r < 0 || !call_json(c)) json_decref(d.pauses);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no agent \"%.40s\"; cadencia agent list shows them", d.name);
  if (r < 0) return call_refuse_store(c, r, "agent");
  const char *state = d.now.id ? agent_state_name((enum agent_state)d.now.state) : agent_state_name(AGENT_LOGGED_OUT);
  if (!call_json(c)) {
    fprintf(c->out, "%s: %s%s, phone %s, %llu calls today%s%s\n", d.name, state, d.now.rests_until.ms ? ", rests" : "",
            d.now.seat_up ? "up" : "down", (unsigned long long)d.day.calls, d.has_card ? ", with " : "", d.has_card ? d.card.name : "");
    if (d.now.shown_case)
      fprintf(c->out, "shown: +%llu%s%s (contact %llu), cadencia agent accept or skip %s\n", (unsigned long long)d.now.shown_phone,
              d.has_shown && d.shown.name[0] ? ", " : "", d.has_shown ? d.shown.name : "", (unsigned long long)d.now.shown_case, d.name);
    return EXIT_GOOD;
  }
  call_put_json(c, json_pack("{s:o, s:s, s:b, s:o, s:o, s:b, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "agent", json_text(d.name),
                             "state", state, "by_hand", d.campaign.hand != HAND_NO, "since", json_time(d.now.since), "now", json_time(now),
                             "seat_up", d.now.seat_up, "rests_until", json_time(d.now.rests_until), "campaign", json_text(d.agent.campaign),
                             "mode", pacing_mode_name((enum pacing_mode)d.campaign.terms.mode), "call", call_json_of(&d), "preview",
                             preview_json_of(&d), "dispositions", codes_json(&d), "today", day_json(&d), "pauses", d.pauses, "pause",
                             json_text(d.now.pause)));
  return EXIT_GOOD;
}

struct note_job {
  const char *name, *text;
  uint64_t attempt;
};
static int job_note(struct store *s, void *arg) {
  struct note_job *j = arg;
  struct agent_def agent;
  int err = store_agent_get(s, j->name, &agent);
  return err < 0 ? err : store_note_put(s, agent.a.agent_id, j->attempt, j->text, clock_wall());
}

int cmd_desk_note(struct command_call *c) {
  char *end = NULL;
  errno = 0;
  struct note_job j = {c->args->words[0], c->args->words[2], strtoull(c->args->words[1], &end, 10)};
  if (errno || !end || *end || j.attempt == 0) return call_refuse(c, "\"%.24s\" is no attempt id", c->args->words[1]);
  int r = c->backend->run(c->backend->self, job_note, &j, true);
  if (r == CAD_EINVAL) return call_refuse(c, "a note has at most %d bytes", USER_NOTE_MAX);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no agent \"%.40s\"", j.name);
  return r < 0 ? call_refuse_store(c, r, "note") : EXIT_GOOD;
}
