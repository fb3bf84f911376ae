/* Seats: the agents' phones. A nailed-up seat is rung at log-in and stays up; an
 * on-demand seat is rung when its agent is ready and there is work, before a customer
 * is dialed, and is let go when he pauses or logs out. */
#include "dialer/floor/floor.h"
#include <string.h>

enum { REDIAL_FIRST_MS = 1000, REDIAL_MOST_MS = 60000, STEADY_MS = 30000, ORPHAN_MS = 20000 };

static bool wanted(const struct floor *f, const struct agent *a) {
  if (a->call != NOBODY || (a->state == AGENT_WRAPUP && a->seat == SEAT_UP)) return true;
  if (a->hand.case_id != 0) return true;
  if (a->nailed) return a->wanted != AGENT_LOGGED_OUT;
  const struct campaign *p = &f->campaigns[a->campaign];
  if (a->state == AGENT_READY && p->inbound > 0) return true; /* callers come also while nothing is dialed */
  return a->state == AGENT_READY && p->state == CAMPAIGN_RUNNING && (p->lease_count > 0 || p->in_flight > 0);
}

bool seat_registers(const struct agent *a) { return memcmp(a->uri, "phone:", 6) == 0; }

static void dial(struct floor *f, struct agent *a) {
  if (f->draining || !f->worker_up[a->listener] || a->uri[0] == 0) return;
  if (seat_registers(a) && !a->phone_up) return;                         /* rung when it registers */
  if (floor_credit_take_at(f, a->listener, &a->session, &a->port) < 0) { /* no port now: try again soon */
    timers_set(f->timers, timer_of_seat(f, agent_slot(f, a)), mono_add(f->now.mono, REDIAL_FIRST_MS));
    return;
  }
  if (++a->seat_gen == 0) a->seat_gen = 1;
  a->seat = SEAT_DIALING;
  a->seat_orphan = 0;
  a->seat_listener = a->listener;
  a->seat_moved = 0;
  order_invite_seat(f, a);
}

void seat_hang_up(struct floor *f, struct agent *a) {
  if (a->seat != SEAT_UP && a->seat != SEAT_DIALING) return;
  order_leg(f, SIP_BYE, a->seat_listener, agent_leg(f, a));
  if (a->seat == SEAT_UP && a->state == AGENT_READY) floor_tell_pacer(f, a->campaign, PACER_AGENT_PAUSED, NOBODY, agent_slot(f, a), 0);
  a->seat = SEAT_ENDING;
}

/* The new worker was given its dialog; if nothing is heard of it, the phone is rung anew, but not in mid-talk. */
static bool orphan_waits(struct floor *f, struct agent *a) {
  uint32_t timer = timer_of_seat(f, agent_slot(f, a));
  if (!a->seat_orphan || a->seat != SEAT_UP || !f->worker_up[a->seat_listener]) return false;
  if (timers_armed(f->timers, timer)) return true;
  if (a->call == NOBODY) {
    seat_over(f, a);
    return false;
  }
  timers_set(f->timers, timer, mono_add(f->now.mono, ORPHAN_MS));
  return true;
}

void seat_worker_up(struct floor *f, uint16_t listener) {
  for (uint32_t i = 0; i < f->agents_used; i++) {
    struct agent *a = &f->agents[i];
    if (a->seat_orphan && a->seat_listener == listener) timers_set(f->timers, timer_of_seat(f, i), mono_add(f->now.mono, ORPHAN_MS));
    if (a->listener == listener) seat_check(f, a);
  }
}

void seat_check(struct floor *f, struct agent *a) {
  if (orphan_waits(f, a)) return;
  if (!wanted(f, a)) {
    timers_clear(f->timers, timer_of_seat(f, agent_slot(f, a)));
    seat_hang_up(f, a);
  } else if (a->seat_moved && a->seat != SEAT_DOWN) {
    if (a->call == NOBODY && a->state != AGENT_WRAPUP) seat_hang_up(f, a); /* the new phone is rung when the old one is down */
  } else if (a->seat == SEAT_DOWN && !timers_armed(f->timers, timer_of_seat(f, agent_slot(f, a)))) {
    dial(f, a);
  }
}

void seat_answered(struct floor *f, struct agent *a, const struct media_desc *desc) {
  if (a->seat == SEAT_ENDING) { /* our hang-up crossed the answer */
    order_leg(f, SIP_BYE, a->seat_listener, agent_leg(f, a));
    return;
  }
  a->seat = SEAT_UP;
  a->seat_up_since = f->now.mono;
  order_remote(f, a->session, agent_leg(f, a), desc, false);
  for (uint32_t i = 0; a->hand.case_id != 0 && i < FLOOR_CAMPAIGNS_MAX; i++)
    if (f->campaigns[i].used && f->campaigns[i].terms.id == a->hand.campaign_id) f->campaigns[i].pace_now = true;
  if (a->state == AGENT_READY) {
    if (!a->resting) floor_tell_pacer(f, a->campaign, PACER_AGENT_READY, NOBODY, agent_slot(f, a), 0);
    f->campaigns[a->campaign].pace_now = true;
    a->since = f->now.mono; /* idle counts from when he can take a call */
    share_match(f, a);
  }
  seat_check(f, a);
}

void seat_media(struct floor *f, struct agent *a, const struct media_desc *desc) {
  if (a->seat == SEAT_UP) order_remote(f, a->session, agent_leg(f, a), desc, false);
}

void seat_over(struct floor *f, struct agent *a) {
  bool was_up = a->seat == SEAT_UP;
  if (a->seat == SEAT_DOWN) return;
  a->seat = SEAT_DOWN;
  a->seat_orphan = 0;
  order_session(f, MEDIA_RELEASE, a->session);
  a->session = (struct session){0, 0};
  /* A phone that hangs up whenever it is rung is rung ever more rarely; one that was up for a while begins anew. */
  if (was_up && mono_since(f->now.mono, a->seat_up_since) >= STEADY_MS) a->seat_failures = 0;
  if (wanted(f, a)) { /* armed first: whoever looks at the seat now must not ring it at once */
    uint32_t shift = a->seat_failures < 6 ? a->seat_failures : 6;
    int64_t wait = (int64_t)REDIAL_FIRST_MS << shift;
    a->seat_failures++;
    timers_set(f->timers, timer_of_seat(f, agent_slot(f, a)), mono_add(f->now.mono, wait < REDIAL_MOST_MS ? wait : REDIAL_MOST_MS));
  }
  if (!was_up) return;
  if (a->call != NOBODY && f->calls[a->call].agent == agent_slot(f, a))
    call_event(f, &f->calls[a->call], f->calls[a->call].inbound ? EV_CALLER_BACK : EV_SEAT_LOST);
  if (a->state == AGENT_READY) floor_tell_pacer(f, a->campaign, PACER_AGENT_PAUSED, NOBODY, agent_slot(f, a), 0);
}

/* Their worker died. A phone whose agent has somebody on the line keeps its audio, and the next worker takes its dialog
 * up; the others are ended by the next worker and rung anew at once: it was no fault of theirs. */
void seat_worker_lost(struct floor *f, uint16_t listener) {
  for (uint32_t i = 0; i < f->agents_used; i++) {
    struct agent *a = &f->agents[i];
    if (a->seat_listener != listener || a->seat == SEAT_DOWN) continue;
    if (a->seat == SEAT_UP && a->call != NOBODY) {
      a->seat_orphan = 1;
      continue;
    }
    uint32_t failures = a->seat_failures;
    seat_over(f, a);
    a->seat_failures = failures;
    timers_clear(f->timers, timer_of_seat(f, agent_slot(f, a))); /* rung when the worker is up */
  }
}

void seat_resumed(struct floor *f, struct agent *a) {
  if (a->seat != SEAT_UP || !a->seat_orphan) return;
  a->seat_orphan = 0;
  timers_clear(f->timers, timer_of_seat(f, agent_slot(f, a)));
  seat_check(f, a);
  if (agent_available(a)) share_match(f, a);
}

void seat_phone(struct floor *f, struct agent *a, bool up, uint16_t listener) {
  if (!seat_registers(a)) return;
  bool came = up && !a->phone_up;
  a->phone_up = up;
  if (up && a->listener != listener) {
    a->listener = listener;
    if (a->seat != SEAT_DOWN) a->seat_moved = 1;
  }
  if (came) { /* who is back is not rung ever more rarely */
    a->seat_failures = 0;
    if (a->seat == SEAT_DOWN) timers_clear(f->timers, timer_of_seat(f, agent_slot(f, a)));
  }
  if (!up && a->seat == SEAT_UP && a->call == NOBODY && a->state != AGENT_WRAPUP)
    seat_hang_up(f, a);
  else
    seat_check(f, a);
}
