/* Any parameters, any events in any order, any view of the world: orders stay within the world's limits, nobody is given
 * up before the legal ring time, and the record holds no nonsense. */
#include "tests/fuzz/fuzz.h"
#include <pacing/pacer.h>
#include <stdbool.h>
#include <string.h>

enum { AGENTS = 24, CALLS = 200 };

struct bytes {
  const uint8_t *at;
  size_t left;
};
static uint64_t take(struct bytes *b, unsigned n) {
  uint64_t v = 0;
  for (; n > 0 && b->left > 0; n--, b->left--) v = v << 8 | *b->at++;
  return v;
}

static void must(bool good) {
  if (!good) __builtin_trap();
}

static struct pacer_params params(struct bytes *b) {
  return (struct pacer_params){.mode = (enum pacer_mode)take(b, 1),
                               .ratio_x100 = (uint32_t)take(b, 2),
                               .limit_bp = (uint32_t)take(b, 2),
                               .min_ring_ms = (uint32_t)take(b, 2),
                               .max_ring_ms = (uint32_t)take(b, 3),
                               .max_wait_ms = (uint32_t)take(b, 2),
                               .max_agents = AGENTS,
                               .max_calls = CALLS,
                               .screening = take(b, 1) & 1,
                               .detector_fp_bp = (uint32_t)take(b, 1),
                               .inbound_bp = (uint32_t)take(b, 2),
                               .inbound_within_ms = (uint32_t)take(b, 3),
                               .discount_machines = take(b, 1) & 1};
}

static void decide(struct pacer *p, struct bytes *b, int64_t now_ms, const int64_t *rang_ms) {
  uint8_t segments[8];
  memset(segments, (int)take(b, 1), sizeof segments);
  const struct pacer_view v = {.now_ms = now_ms,
                               .lines_free = (uint32_t)take(b, 1),
                               .rate_free = (uint32_t)take(b, 1),
                               .contacts = (uint32_t)take(b, 1),
                               .agents_reserved_inbound = (uint32_t)take(b, 1),
                               .hours_open = take(b, 1) & 1,
                               .end_in_ms = (int64_t)take(b, 8),
                               .list_known = take(b, 1) & 1,
                               .contacts_left = (uint32_t)take(b, 4),
                               .inbound_waiting = (uint32_t)take(b, 1),
                               .segments = segments,
                               .segment_count = sizeof segments};
  struct pacer_orders o;
  pacer_decide(p, &v, &o);
  must(o.launch <= v.lines_free && o.launch <= v.rate_free && o.launch <= v.contacts);
  must(v.hours_open || o.launch == 0);
  must(o.give_up_count <= PACER_GIVE_UP_MAX && o.why.bound < PACER_BOUND_COUNT);
  must(o.why.risk_bp <= 10000 && o.why.allowed_bp <= 10000 && o.why.answer_bp <= 10000 && o.why.abandoned <= o.why.live);
  for (uint32_t i = 0; i < o.give_up_count; i++) must(o.give_up[i] < CALLS && rang_ms[o.give_up[i]] >= 0);
  struct pacer_second s;
  if (pacer_trace(p, &s)) must(s.decisions > 0);
}

static void set_windows(struct pacer *p, struct bytes *b) {
  struct pacer_window w[PACER_WINDOWS_MAX];
  const unsigned n = (unsigned)take(b, 1) % (PACER_WINDOWS_MAX + 2);
  for (unsigned i = 0; i < PACER_WINDOWS_MAX; i++)
    w[i] = (struct pacer_window){.kind = (uint8_t)take(b, 1),
                                 .count_machines = take(b, 1) & 1,
                                 .limit_bp = (uint16_t)take(b, 2),
                                 .fp_bp = (uint16_t)take(b, 2),
                                 .begins_ms = (int64_t)take(b, 8),
                                 .ends_ms = (int64_t)take(b, 8),
                                 .began = (int64_t)take(b, 4),
                                 .served = take(b, 8),
                                 .abandoned = take(b, 8),
                                 .early = take(b, 1)};
  if (n > PACER_WINDOWS_MAX)
    must(pacer_set_windows(p, w, n) < 0);
  else
    (void)pacer_set_windows(p, w, n);
  must(pacer_windows(p, w) >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bytes b = {data, size};
  const struct pacer_params q = params(&b);
  struct pacer *p = pacer_create(&q);
  if (!p) return 0;
  int64_t now_ms = 0, rang_ms[CALLS];
  for (int i = 0; i < CALLS; i++) rang_ms[i] = -1;
  for (uint32_t a = 0; a < AGENTS; a++) pacer_event(p, &(struct pacer_event){.kind = PACER_AGENT_LOGIN, .agent = a});
  while (b.left > 0) {
    const unsigned op = (unsigned)take(&b, 1);
    if (op < 200) {
      const struct pacer_event e = {.kind = (enum pacer_event_kind)(op % (PACER_EVENT_COUNT + 1)),
                                    .at_ms = op < 180 ? now_ms : (int64_t)take(&b, 8),
                                    .call = (uint32_t)take(&b, 1),
                                    .agent = (uint32_t)take(&b, 1) % (AGENTS + 2),
                                    .segment = (uint16_t)take(&b, 1),
                                    .inbound = op & 1,
                                    .closed = (uint8_t)take(&b, 1)};
      pacer_event(p, &e);
      if (e.kind == PACER_CALL_RINGING && e.call < CALLS) rang_ms[e.call] = e.at_ms;
    } else if (op < 240) {
      decide(p, &b, now_ms += (int64_t)take(&b, 2), rang_ms);
    } else if (op < 244) {
      decide(p, &b, (int64_t)take(&b, 8), rang_ms); /* a clock that steps */
    } else if (op < 250) {
      set_windows(p, &b);
    } else {
      const struct pacer_params next = params(&b);
      (void)pacer_set(p, &next);
    }
  }
  pacer_destroy(p);
  return 0;
}
