/* What befalls the floor from outside its calls: clocks that step, mailboxes that are full, people with whims. */
#include "dialer/sim/world_inside.h"

enum { ACCEPT_MS = 700, HOUR_MS = 3600000 };

static struct happen plain(enum happening what) { return (struct happen){.what = (uint8_t)what}; }

void faults_begin(struct world *w) {
  const struct world_params *p = &w->p;
  for (uint32_t i = 0; i < p->clock_steps; i++)
    world_schedule(w, 20000 + (int64_t)world_random(w, (uint32_t)(w->end_ms - w->begin_ms)), plain(HAPPENS_CLOCK_STEP));
  if (p->pressure_ms) world_schedule(w, p->pressure_ms, (struct happen){.what = HAPPENS_PRESSURE, .slot = 1});
  if (p->whim_ms) world_schedule(w, p->whim_ms, plain(HAPPENS_WHIM));
  if (p->mode == PACING_PREVIEW) world_schedule(w, ACCEPT_MS, plain(HAPPENS_ACCEPT));
}

/* Mostly an agent; now and then the whole campaign is paused, started or announced again. */
static void whim(struct world *w) {
  static const enum agent_state WANTED[] = {AGENT_READY, AGENT_READY, AGENT_READY, AGENT_PAUSED, AGENT_LOGGED_OUT};
  if (world_chance(w, 2000)) {
    struct mail m = mail_make(STORE_CAMPAIGN, (struct mono){w->now_ms});
    w->campaign.state = world_chance(w, 6000) ? CAMPAIGN_RUNNING : world_chance(w, 5000) ? CAMPAIGN_PAUSED : CAMPAIGN_STOPPED;
    m.u.store_campaign = w->campaign;
    world_step(w, &m);
  } else {
    people_order(w, world_random(w, w->p.day.agents), ORDER_AGENT, WANTED[world_random(w, sizeof WANTED / sizeof WANTED[0])]);
  }
}

void faults_happen(struct world *w, const struct happen *h) {
  switch ((enum happening)h->what) {
  case HAPPENS_CLOCK_STEP: /* the daemon's edge sees it within a tenth of a second, and believes the clock again after a while */
    w->wall_ms += world_chance(w, 5000) ? HOUR_MS : -HOUR_MS;
    w->stepped++;
    world_schedule(w, world_random(w, 100), (struct happen){.what = HAPPENS_CLOCK_STEADY, .slot = 0});
    world_schedule(w, 5100, (struct happen){.what = HAPPENS_CLOCK_STEADY, .slot = 1});
    break;
  case HAPPENS_CLOCK_STEADY: {
    struct mail m = mail_make(ORDER_CLOCK, (struct mono){w->now_ms});
    if (h->slot == 1 && --w->stepped > 0) break; /* another step came meanwhile */
    m.u.order_clock.trusted = (uint8_t)h->slot;
    m.u.order_clock.stepped = 1;
    w->clock_bad = h->slot == 0;
    w->bad_from_ms = w->now_ms;
    world_step(w, &m);
    break;
  }
  case HAPPENS_PRESSURE:
    control_pressure(w->control, h->slot == 1);
    if (h->slot == 1)
      world_schedule(w, 50 + world_random(w, 3000), (struct happen){.what = HAPPENS_PRESSURE});
    else if (!w->stopping)
      world_schedule(w, w->p.pressure_ms / 2 + world_random(w, w->p.pressure_ms), (struct happen){.what = HAPPENS_PRESSURE, .slot = 1});
    break;
  case HAPPENS_WHIM:
    whim(w);
    if (!w->stopping) world_schedule(w, w->p.whim_ms / 2 + world_random(w, w->p.whim_ms), plain(HAPPENS_WHIM));
    break;
  default:
    people_order(w, world_random(w, w->p.day.agents), world_chance(w, 2500) ? ORDER_SKIP : ORDER_PREVIEW, AGENT_READY);
    if (!w->stopping) world_schedule(w, ACCEPT_MS, plain(HAPPENS_ACCEPT));
    break;
  }
}
