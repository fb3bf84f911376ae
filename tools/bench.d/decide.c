/* What one decision of the pacer costs: a small floor of its own drives the engine, only pacer_decide is timed.
 * Usage: decide AGENTS SECONDS; prints JSON. Built by tools/bench from the engine's sources. */
#include <pacing/pacer.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CALLS = 4096, AGENTS = 1024 };
static struct {
  int64_t rings, ends, answered; /* 0: not under way */
  int agent;                     /* -1: none */
} calls[CALLS];
static int64_t free_at[AGENTS]; /* agents: 0 ready */
static int wraps[AGENTS];
static uint64_t dice = 88172645463325252u;

static uint32_t roll(uint32_t below) {
  dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
  return (uint32_t)(dice >> 33) % below;
}
static int64_t cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
static void say(struct pacer *p, enum pacer_event_kind kind, int64_t at, uint32_t call, uint32_t agent) {
  struct pacer_event e = {.kind = kind, .at_ms = at, .call = call, .agent = agent};
  pacer_event(p, &e);
}

static void agents_move(struct pacer *p, int64_t now, int n) {
  for (int a = 0; a < n; a++) {
    if (free_at[a] == 0 || now < free_at[a]) continue;
    if (!wraps[a]) {
      say(p, PACER_AGENT_WRAPUP, now, 0, (uint32_t)a);
      wraps[a] = 1;
      free_at[a] = now + 8000 + roll(14000);
    } else {
      say(p, PACER_AGENT_READY, now, 0, (uint32_t)a);
      free_at[a] = wraps[a] = 0;
    }
  }
}

static void calls_move(struct pacer *p, int64_t now, int n) {
  for (uint32_t c = 0; c < CALLS; c++) {
    if (calls[c].ends == 0) continue;
    if (calls[c].rings && now >= calls[c].rings) say(p, PACER_CALL_RINGING, now, c, 0), calls[c].rings = 0;
    if (now < calls[c].ends) continue;
    if (calls[c].answered) {
      say(p, PACER_CALL_ANSWERED, now, c, 0);
      say(p, PACER_CALL_PERSON, now, c, 0);
      int a = 0;
      while (a < n && free_at[a]) a++;
      if (a < n) {
        say(p, PACER_CALL_CONNECTED, now, c, (uint32_t)a);
        say(p, PACER_AGENT_TALKING, now, 0, (uint32_t)a);
        free_at[a] = now + 20000 + roll(200000);
      } else {
        say(p, PACER_CALL_ABANDONED, now, c, 0);
      }
    }
    say(p, PACER_CALL_ENDED, now, c, 0);
    calls[c].ends = 0;
  }
}

static void launch(struct pacer *p, int64_t now) {
  uint32_t c = 0;
  while (c < CALLS && calls[c].ends) c++;
  if (c == CALLS) return;
  say(p, PACER_CALL_LAUNCHED, now, c, 0);
  calls[c].rings = now + 1000 + roll(2500);
  calls[c].answered = roll(100) < 25;
  calls[c].ends = calls[c].rings + (calls[c].answered ? 2000 + roll(13000) : 24000);
}

static int by_size(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  int n = argc > 1 ? atoi(argv[1]) : 0, seconds = argc > 2 ? atoi(argv[2]) : 1800;
  if (n < 1 || n > AGENTS || seconds < 1 || seconds > 36000) {
    fputs("usage: decide AGENTS SECONDS\n", stderr);
    return 2;
  }
  struct pacer_params q = {.mode = PACER_PREDICTIVE,
                           .limit_bp = 300,
                           .min_ring_ms = 15000,
                           .max_ring_ms = 24000,
                           .max_wait_ms = 2000,
                           .max_agents = AGENTS,
                           .max_calls = CALLS,
                           .screening = true};
  struct pacer *p = pacer_create(&q);
  int64_t *took = calloc((size_t)seconds * 4, sizeof *took), now = 1000, all = 0;
  size_t count = 0;
  if (!p || !took) return 1;
  for (int a = 0; a < n; a++) say(p, PACER_AGENT_LOGIN, now, 0, (uint32_t)a), say(p, PACER_AGENT_READY, now, 0, (uint32_t)a);
  for (; count < (size_t)seconds * 4; now += 250) {
    agents_move(p, now, n);
    calls_move(p, now, n);
    struct pacer_view view = {
        .now_ms = now, .lines_free = 6u * (uint32_t)n, .rate_free = 20, .contacts = 500, .hours_open = true, .end_in_ms = 1800000};
    struct pacer_orders o;
    int64_t from = cpu_ns();
    pacer_decide(p, &view, &o);
    took[count] = cpu_ns() - from;
    all += took[count++];
    for (uint32_t i = 0; i < o.give_up_count; i++) say(p, PACER_CALL_ENDED, now, o.give_up[i], 0), calls[o.give_up[i]].ends = 0;
    for (uint32_t i = 0; i < o.launch; i++) launch(p, now);
  }
  qsort(took, count, sizeof *took, by_size);
  printf("{\"agents\": %d, \"decisions\": %zu, \"mean_us\": %.2f, \"p50_us\": %.2f, \"p99_us\": %.2f, \"ignored\": %llu}\n", n, count,
         (double)all / (double)count / 1000, (double)took[count / 2] / 1000, (double)took[count * 99 / 100] / 1000,
         (unsigned long long)pacer_ignored(p));
  pacer_destroy(p);
  free(took);
  return 0;
}
