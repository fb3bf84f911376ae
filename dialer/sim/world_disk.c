/* The records over a disk that dies in the midst of a write or is full. With it dies the whole box, as by kill -9 and a power
 * cut at once; it starts again from what the disk kept, and nothing that was permitted or acknowledged may be missing. */
#include "dialer/sim/world_inside.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

bool disk_there(const struct world *w) { return w->p.disk.arm != NULL; }

void disk_begin(struct world *w) {
  uint32_t span = (uint32_t)(w->end_ms - w->begin_ms);
  if (!disk_there(w)) return;
  for (uint32_t i = 0; i < w->p.disk_deaths; i++)
    world_schedule(w, 15000 + world_random(w, span), (struct happen){.what = HAPPENS_DISK_DIES});
  for (uint32_t i = 0; i < w->p.disk_fills; i++)
    world_schedule(w, 10000 + world_random(w, span), (struct happen){.what = HAPPENS_DISK_FULL, .slot = 1});
}

void disk_happen(struct world *w, const struct happen *h) {
  if (h->what == HAPPENS_DISK_DIES) {
    w->p.disk.arm(1 + world_random(w, 60));
    return;
  }
  w->p.disk.full(h->slot == 1);
  if (h->slot == 1) world_schedule(w, 500 + world_random(w, 8000), (struct happen){.what = HAPPENS_DISK_FULL});
}

/* ---- what is remembered ---- */

static struct memory *memory_of(struct world *w, uint64_t attempt) {
  for (uint32_t i = w->memory_count; i > 0; i--)
    if (w->memory[i - 1].attempt == attempt) return &w->memory[i - 1];
  return NULL;
}

void memory_opened(struct world *w, const struct mail_store_open *o) {
  if (!disk_there(w)) return;
  if (memory_of(w, o->attempt_id)) world_break(w, "an attempt's id used twice");
  if (w->memory_count == w->memory_room) {
    w->memory_room = w->memory_room ? w->memory_room * 2 : 256;
    w->memory = realloc(w->memory, w->memory_room * sizeof *w->memory);
    if (!w->memory) abort();
  }
  w->memory[w->memory_count++] = (struct memory){.attempt = o->attempt_id, .phone = o->lease.phone};
}

void memory_invited(struct world *w, uint64_t attempt) {
  if (!disk_there(w)) return;
  struct memory *m = memory_of(w, attempt);
  if (!m) {
    world_break(w, "an INVITE for an attempt that was never permitted");
    return;
  }
  if (m->invited) world_break(w, "a second INVITE for one attempt");
  m->invited = true;
  /* Doubt means silence: whoever was called when the box died is not called again on this day. */
  for (uint32_t i = 0; i < w->memory_count; i++) {
    const struct memory *o = &w->memory[i];
    if (o->phone == m->phone && o->invited && o->attempt != attempt && o->outcome == OUTCOME_NONE)
      world_break(w, "a second call to somebody whose first call was cut off");
  }
}

void memory_closed(struct world *w, const struct mail_store_close *c) {
  if (!disk_there(w)) return;
  struct memory *m = memory_of(w, c->attempt_id);
  if (m && m->outcome == OUTCOME_NONE) m->outcome = c->outcome;
}

struct comparing {
  struct world *w;
  uint64_t rows;
};
static int compare(void *arg, const struct log_row *r) {
  struct comparing *c = arg;
  struct memory *m = memory_of(c->w, r->attempt_id);
  c->rows++;
  if (r->open) return CAD_OK;
  if (!m) { /* committed, but the box died before it could say so: never dialed */
    if (r->outcome != OUTCOME_INTERRUPTED) world_break(c->w, "a row that nobody permitted and that is not interrupted");
    return CAD_OK;
  }
  if (m->outcome != OUTCOME_NONE && m->outcome != r->outcome) world_break(c->w, "an outcome that was acknowledged has changed");
  m->attempt = 0; /* found */
  return CAD_OK;
}

void memory_check(struct world *w) {
  if (!disk_there(w)) return;
  struct comparing c = {.w = w};
  struct log_filter all = {0};
  if (store_log_each(w->store, &all, compare, &c) < 0) world_break(w, "the log cannot be read");
  for (uint32_t i = 0; i < w->memory_count; i++)
    if (w->memory[i].attempt)
      world_break(w, w->memory[i].invited ? "an INVITE whose attempt is not in the records" : "a permitted attempt is not in the records");
}

/* ---- the next life ---- */

static void people_again(struct world *w) {
  for (uint32_t i = 0; i < w->p.day.agents; i++) {
    struct vagent *a = &w->agents[i];
    a->with_caller = false;
    a->since_ms = w->now_ms;
    if (a->here && !w->stopping) people_order(w, i, ORDER_AGENT, AGENT_READY);
  }
  w->callers_waiting = 0;
}

void disk_restart(struct world *w) {
  struct store_counts counts;
  w->r->disk_deaths++;
  w->store = store_close(w->store); /* its last writes reach nothing */
  w->p.disk.revive(w->p.seed * 1000003u + w->r->disk_deaths);
  w->control = control_destroy(w->control);
  world_forget_under_way(w);
  memset(w->calls, 0, w->calls_max * sizeof *w->calls);
  memset(w->seats, 0, w->p.day.agents * sizeof *w->seats);
  for (uint32_t i = 0; i < w->sessions; i++) w->media[i] = (struct vsession){.gen = w->media[i].gen + 1};
  memset(w->said_ms, 0, sizeof w->said_ms);
  w->store_ms = w->failing_until_ms = 0;
  w->worker_up = w->clock_bad = false;
  w->now_ms += 1500; /* the box comes back */
  if (world_open_store(w) < 0) {
    world_break(w, "the records cannot be opened after the disk died");
    return;
  }
  if (world_make_control(w) < 0) abort();
  if (store_counts(w->store, NULL, &counts) < 0) world_break(w, "the records cannot be counted after the disk died");
  if (counts.open_attempts) world_break(w, "an attempt still open after a start");
  w->r->recovered = counts.by_outcome[OUTCOME_INTERRUPTED];
  world_announce(w);
  world_schedule(w, 0, (struct happen){.what = HAPPENS_WORKER_UP});
  for (uint32_t i = 0; i < w->sessions; i++)
    world_schedule(w, 1, (struct happen){.what = HAPPENS_CREDIT, .slot = i, .gen = w->media[i].gen});
  people_again(w);
  if (!w->stopping) return;
  struct mail m = mail_make(ORDER_DRAIN, (struct mono){w->now_ms});
  world_step(w, &m);
}
