#include "tests/support/live_feed.h"
#include "dialer/base/alert.h"
#include <stdio.h>
#include <string.h>

static const char *const NAMES[] = {"Ana Torres", "Ben Carter", "Clara Núñez", "Dev Patel",  "Elena Ruiz",  "Farid Aziz",
                                    "Grace Lee",  "Hugo Peña",  "Ines Prado",  "Jack Moore", "Karla Solís", "Luis Ortiz",
                                    "Mia Novak",  "Noah Kim",   "Olga Petit",  "Pablo Gil"};

static void feed_agent(struct live_agent *a, unsigned i, unsigned step, struct wall at) {
  static const uint8_t states[] = {AGENT_TALKING, AGENT_TALKING, AGENT_TALKING, AGENT_WRAPUP, AGENT_READY, AGENT_TALKING, AGENT_RESERVED};
  unsigned phase = step / 40 + i * 3;
  a->id = 1000 + i;
  if (i < sizeof NAMES / sizeof NAMES[0])
    snprintf(a->name, sizeof a->name, "%s", NAMES[i]);
  else
    snprintf(a->name, sizeof a->name, "Agent %u", i + 1);
  a->state = i == 5 ? AGENT_PAUSED : i == 11 ? AGENT_LOGGED_OUT : states[phase % sizeof states];
  a->seat_up = i != 11 && i != 9;
  a->campaign = i == 11 ? 0xffff : (uint16_t)(i % 4 == 3);
  a->calls = 3 + i + step / 80;
  a->phone = a->state == AGENT_TALKING ? 12025550100u + i : 0;
  if (a->state == AGENT_READY && i >= 4) a->rests_until = wall_add(at, 60000);
  a->since = wall_add(at, -(int64_t)(step % 40 * 250 + i * 1700));
}

void live_feed(struct live *out, unsigned step, unsigned agents, struct wall at) {
  memset(out, 0, sizeof *out);
  unsigned wave = step % 120 < 60 ? step % 60 : 60 - step % 60;
  out->version = LIVE_VERSION;
  out->sequence = step + 1;
  out->at = at;
  out->started = wall_add(at, -(int64_t)step * 250 - 754000);
  out->agent_count = (uint16_t)agents;
  out->campaign_count = 2;
  out->calls_limit = 2000;
  out->credits = 64;
  out->loop_lag_max_us = 840;
  alert_raise(out->alerts, &out->alert_count, wall_add(at, -90000), ALERT_DISK, "/var/lib/cadencia", "full");
  for (unsigned i = 0; i < 2; i++) {
    struct live_campaign *c = &out->campaigns[i];
    unsigned n = step / (i + 1);
    c->id = 77 + i;
    snprintf(c->name, sizeof c->name, "%s", i ? "Encuesta de otoño" : "Renewals");
    c->state = i ? CAMPAIGN_PAUSED : CAMPAIGN_RUNNING;
    c->mode = i ? PACING_PROGRESSIVE : PACING_PREDICTIVE;
    c->bound = (uint8_t)(i ? 7 : 2);
    c->dialing = i ? 0 : 2 + wave / 12;
    c->ringing = i ? 0 : 4 + wave / 5;
    c->screening = i ? 0 : 1 + wave / 20;
    c->waiting = i ? 0 : wave > 52;
    c->attempts = 240 + n * 2;
    c->answered = 96 + n * 4 / 5;
    c->connected = 61 + n / 2;
    c->live_answers = 66 + n / 2;
    c->abandoned = 1 + n / 300;
    c->early_hangup = 4;
    c->machines = 30 + n / 4;
    c->no_answer = 90 + n / 2;
    c->busy = 22 + n / 9;
    c->failed = 9;
    c->refused = 6;
    c->limit_bp = 300;
    c->open = 5000 - (n > 4000 ? 4000 : n);
    c->talk_ms = 4100000 + n * 900ull;
    c->wrapup_ms = 500000 + n * 100ull;
    c->ready_ms = 1200000 + n * 200ull;
    c->second = (struct pacer_second){.decisions = 3, .ordered = wave % 3, .launched = wave % 3};
    c->second.why = (struct pacer_why){.ready = 1 + wave % 2, .freeing_milli = 1400 + wave * 10, .people_milli = 900 + wave * 20};
    c->second.why.credit_milli = 1700, c->second.why.limit_bp = 300;
    c->second.why.mode = c->second.why.dials = c->mode;
    c->second.why.bound = PACER_BOUND_RISK;
  }
  for (unsigned i = 0; i < agents; i++) {
    feed_agent(&out->agents[i], i, step, at);
    if (out->agents[i].state == AGENT_TALKING) out->campaigns[i % 4 == 3].talking++;
  }
  for (unsigned i = 0; i < 2; i++) {
    const struct live_campaign *c = &out->campaigns[i];
    out->calls += c->dialing + c->ringing + c->screening + c->waiting + c->talking;
  }
}
