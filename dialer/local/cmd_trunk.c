/* cadencia trunk list: the carriers now, and what their calls came to since the daemon started. */
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <stdlib.h>
#include <string.h>

static const char *explain(const struct live_trunk *t, char out[96]) {
  static const char *const WORDS[TRUNK_STATE_COUNT] = {"starting",
                                                       "up",
                                                       "proxy is not usable from its listener",
                                                       "its name is not found",
                                                       "registering",
                                                       "user or password refused",
                                                       "registration failed",
                                                       "does not answer",
                                                       "certificate refused"};
  snprintf(out, 96, t->status && t->state != TRUNK_UP ? "%s (%u)" : "%s", t->state < TRUNK_STATE_COUNT ? WORDS[t->state] : "?", t->status);
  return out;
}

static double percent(uint64_t part, uint64_t of) { return of ? 100.0 * (double)part / (double)of : 0; }

/* The most frequent causes: "busy 12, no_answer 9". */
static void causes(const struct live_trunk *t, char *out, size_t size) {
  bool taken[CAUSE_COUNT] = {false};
  size_t used = 0;
  out[0] = 0;
  for (int k = 0; k < 3; k++) {
    int best = -1;
    for (int i = CAUSE_NORMAL + 1; i < CAUSE_COUNT; i++)
      if (!taken[i] && t->by_cause[i] && (best < 0 || t->by_cause[i] > t->by_cause[best])) best = i;
    if (best < 0) return;
    taken[best] = true;
    int n = snprintf(out + used, size - used, "%s%s %llu", used ? ", " : "", cause_name((enum cause)best),
                     (unsigned long long)t->by_cause[best]);
    if (n < 0 || (size_t)n >= size - used) return;
    used += (size_t)n;
  }
}

json_t *trunks_json(const struct live *l) {
  json_t *array = json_array();
  for (unsigned i = 0; i < l->trunk_count && i < LIVE_TRUNKS_MAX; i++) {
    const struct live_trunk *t = &l->trunks[i];
    json_t *by = json_object();
    for (int c = CAUSE_NORMAL; c < CAUSE_COUNT; c++)
      if (t->by_cause[c]) json_object_set_new(by, cause_name((enum cause)c), json_integer((json_int_t)t->by_cause[c]));
    json_array_append_new(array,
                          json_pack("{s:o, s:s, s:b, s:i, s:i, s:i, s:I, s:I, s:I, s:f, s:f, s:I, s:o}", "name", json_text(t->name),
                                    "state", trunk_state_name((enum trunk_state)t->state), "up", t->state == TRUNK_UP, "status",
                                    (int)t->status, "calls", (int)t->used, "channels", (int)t->channels, "attempts",
                                    (json_int_t)t->attempts, "answered", (json_int_t)t->answered, "reached", (json_int_t)t->reached,
                                    "asr_percent", percent(t->answered, t->attempts), "ner_percent", percent(t->reached, t->attempts),
                                    "pdd_ms", (json_int_t)(t->rang ? t->pdd_ms / t->rang : 0), "causes", by));
  }
  return array;
}

void trunks_print(FILE *out, const struct live *l) {
  static const char *const HEADS[] = {"TRUNK", "STATE", ">CALLS", ">ATTEMPTS", ">ASR %", ">NER %", ">PDD MS", "CAUSES", NULL};
  struct table *t = table_create(HEADS);
  for (unsigned i = 0; i < l->trunk_count && i < LIVE_TRUNKS_MAX; i++) {
    const struct live_trunk *k = &l->trunks[i];
    char why[96], mix[160];
    causes(k, mix, sizeof mix);
    table_put(t, "%s", k->name);
    table_put(t, "%s", explain(k, why));
    table_put(t, "%u/%u", k->used, k->channels);
    table_put(t, "%llu", (unsigned long long)k->attempts);
    table_put(t, "%.1f", percent(k->answered, k->attempts));
    table_put(t, "%.1f", percent(k->reached, k->attempts));
    table_put(t, "%llu", (unsigned long long)(k->rang ? k->pdd_ms / k->rang : 0));
    table_put(t, "%s", mix);
  }
  table_print(t, out, "no trunk is configured; write one into trunks of cadencia.conf");
  table_destroy(t);
}

int cmd_trunk_list(struct command_call *c) {
  if (!c->backend->daemon) return call_refuse(c, "no daemon runs here, so no trunk is in use; start it with cadencia serve");
  struct live *live = calloc(1, sizeof *live);
  if (!live) return call_refuse(c, "out of memory");
  c->backend->live(c->backend->self, live);
  if (call_json(c))
    call_put_json(c, json_pack("{s:o}", "trunks", trunks_json(live)));
  else
    trunks_print(c->out, live);
  free(live);
  return EXIT_GOOD;
}
