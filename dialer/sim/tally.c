#include "dialer/sim/tally.h"
#include "dialer/base/clock.h"
#include <cadencia/err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT_AT_ONCE_MS = 400 }; /* too short for an agent to have heard anything */

struct tally {
  struct sim_truth *truths;
  size_t count, room;
  uint32_t *connects;
  size_t connect_count, connect_room;
  struct tally_sums sums;
  FILE *details;
  bool failed;
};

struct tally *tally_create(void) {
  return calloc(1, sizeof(struct tally));
}

struct tally *tally_destroy(struct tally *t) {
  if (t == NULL) return NULL;
  free(t->truths);
  free(t->connects);
  free(t);
  return NULL;
}

int tally_truth(struct tally *t, const struct sim_truth *truth) {
  if (t->count == t->room) {
    size_t room = t->room == 0 ? 1024 : t->room * 2;
    struct sim_truth *more = realloc(t->truths, room * sizeof *more);
    if (more == NULL) return CAD_ENOMEM;
    t->truths = more;
    t->room = room;
  }
  t->truths[t->count++] = *truth;
  return CAD_OK;
}

static int by_attempt(const void *a, const void *b) {
  const struct sim_truth *x = a, *y = b;
  return x->attempt < y->attempt ? -1 : x->attempt > y->attempt;
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static const struct sim_truth *find(const struct tally *t, uint64_t attempt) {
  size_t low = 0, high = t->count;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (t->truths[mid].attempt < attempt)
      low = mid + 1;
    else
      high = mid;
  }
  return low < t->count && t->truths[low].attempt == attempt ? &t->truths[low] : NULL;
}

static bool was_person(const struct sim_truth *truth) {
  return truth != NULL && (truth->behaviour == CALLEE_PERSON || truth->behaviour == CALLEE_EARLY_HANGUP);
}

static void add_connect(struct tally *t, const struct sim_truth *truth) {
  if (truth->greeting_end_ms == 0 || truth->callee_heard_ms == 0 || truth->agent_heard_ms == 0) return;
  int64_t both = truth->callee_heard_ms > truth->agent_heard_ms ? truth->callee_heard_ms : truth->agent_heard_ms;
  int64_t took = both - truth->greeting_end_ms;
  if (t->connect_count == t->connect_room) {
    size_t room = t->connect_room == 0 ? 256 : t->connect_room * 2;
    uint32_t *more = realloc(t->connects, room * sizeof *more);
    if (more == NULL) {
      t->failed = true;
      return;
    }
    t->connects = more;
    t->connect_room = room;
  }
  t->connects[t->connect_count++] = took < 0 ? 0 : (uint32_t)took; /* connected while still greeting */
}

static const char *count_person(struct tally *t, const struct log_row *row, const struct sim_truth *truth) {
  struct tally_sums *s = &t->sums;
  bool machine_verdict = row->outcome == OUTCOME_MACHINE || row->outcome == OUTCOME_MESSAGE_LEFT || row->outcome == OUTCOME_SCREENING ||
                         row->outcome == OUTCOME_FAX || row->outcome == OUTCOME_DEAD_AIR || row->outcome == OUTCOME_BUSY ||
                         row->outcome == OUTCOME_INVALID_NUMBER || row->outcome == OUTCOME_CONGESTION;
  if (truth->callee_heard_ms != 0) {
    s->connected++;
    add_connect(t, truth);
    bool left = truth->end == TRUTH_END_CALLEE && truth->ended_ms - truth->callee_heard_ms < LEFT_AT_ONCE_MS;
    if (truth->agent_heard_ms == 0 && !left) s->one_way++;
    return "connected";
  }
  if (row->outcome == OUTCOME_CONNECTED) s->one_way++;
  if (machine_verdict && truth->end != TRUTH_END_CALLEE) {
    s->taken_for_machine++;
    return "taken_for_machine";
  }
  /* The message was playing, or we hung up on a person for whom no agent was there. */
  if (truth->message_ms != 0 || row->outcome == OUTCOME_ABANDONED || truth->end != TRUTH_END_CALLEE) {
    s->abandoned++;
    return "abandoned";
  }
  s->early_hangup++;
  return "early_hangup";
}

static void detail(const struct tally *t, const struct log_row *row, const struct sim_truth *truth, const char *as) {
  if (t->details == NULL) return;
  if (truth == NULL) {
    fprintf(t->details, "%" PRIu64 ",%s,,,,,,,,%s,%s,%s\n", row->attempt_id, as, outcome_name((enum outcome)row->outcome),
            verdict_name((enum verdict)row->verdict), verdict_reason_name((enum verdict_reason)row->reason));
    return;
  }
  int64_t zero = truth->answered_ms;
#define SINCE(x) (long long)((x) == 0 ? -1 : (x)-zero)
  fprintf(t->details, "%" PRIu64 ",%s,%s,%lld,%lld,%lld,%lld,%lld,%u,%s,%s,%s\n", row->attempt_id, as,
          callee_behaviour_name((enum behaviour)truth->behaviour), SINCE(truth->greeting_end_ms), SINCE(truth->callee_heard_ms),
          SINCE(truth->agent_heard_ms), SINCE(truth->message_ms), SINCE(truth->ended_ms), truth->end,
          outcome_name((enum outcome)row->outcome), verdict_name((enum verdict)row->verdict),
          verdict_reason_name((enum verdict_reason)row->reason));
#undef SINCE
}

static int each_row(void *arg, const struct log_row *row) {
  tally_row(arg, row);
  return 0;
}

void tally_row(struct tally *t, const struct log_row *row) {
  struct tally_sums *s = &t->sums;
  const struct sim_truth *truth = find(t, row->attempt_id);
  s->log_rows++;
  if (row->abandoned) s->abandonment_num++;
  if (row->outcome == OUTCOME_CONNECTED || row->outcome == OUTCOME_ABANDONED) s->abandonment_den++;
  if (row->answered.ms == 0) {
    if (row->outcome == OUTCOME_NO_ANSWER || row->outcome == OUTCOME_CANCELLED)
      s->no_answer++;
    else if (row->outcome == OUTCOME_BUSY)
      s->busy++;
    else
      s->failed++;
    return;
  }
  s->answered++;
  const char *as = "other";
  if (was_person(truth)) {
    s->people++;
    as = count_person(t, row, truth);
  } else if (truth != NULL && truth->behaviour == CALLEE_MACHINE) {
    s->machines++;
    as = "machine";
    if (truth->callee_heard_ms != 0 || row->bridged.ms != 0) {
      s->machines_to_agents++;
      as = "machine_to_agent";
    }
  } else {
    s->other++;
    if (truth == NULL) s->without_truth++;
  }
  detail(t, row, truth, as);
}

static uint32_t quantile(const struct tally *t, unsigned percent) {
  if (t->connect_count == 0) return 0;
  size_t i = (t->connect_count * percent + 99) / 100;
  return t->connects[i == 0 ? 0 : i - 1];
}

void tally_begin(struct tally *t, uint64_t attempts, FILE *details) {
  t->sums = (struct tally_sums){.attempts = attempts, .carrier_calls = t->count};
  t->connect_count = 0;
  t->details = details;
  if (details != NULL)
    fputs("attempt,counted_as,was,greeting_end_ms,callee_heard_ms,agent_heard_ms,message_ms,ended_ms,end,outcome,verdict,reason\n",
          details);
  if (t->count > 0) qsort(t->truths, t->count, sizeof *t->truths, by_attempt);
}

int tally_end(struct tally *t, const char *campaign, const struct live *live, struct tally_sums *out) {
  if (t->failed) return CAD_ENOMEM;
  if (t->connect_count > 0) qsort(t->connects, t->connect_count, sizeof *t->connects, by_size);
  t->sums.connect_p50_ms = quantile(t, 50);
  t->sums.connect_p95_ms = quantile(t, 95);
  t->sums.connect_count = t->connect_count;
  uint64_t busy = 0, ready = 0;
  for (unsigned i = 0; live != NULL && i < live->campaign_count; i++) {
    if (strcmp(live->campaigns[i].name, campaign) != 0) continue;
    busy += live->campaigns[i].talk_ms + live->campaigns[i].wrapup_ms;
    ready += live->campaigns[i].ready_ms;
  }
  t->sums.occupancy_bp = busy + ready == 0 ? 0 : (uint32_t)(busy * 10000 / (busy + ready));
  *out = t->sums;
  return CAD_OK;
}

int tally_count(struct tally *t, struct store *s, const char *campaign, const struct live *live, FILE *details, struct tally_sums *out) {
  struct store_counts counts;
  int rc = store_counts(s, campaign, &counts);
  if (rc < 0) return rc;
  tally_begin(t, counts.attempts, details);
  struct log_filter all = {.campaign = campaign};
  rc = store_log_each(s, &all, each_row, t);
  return rc < 0 ? rc : tally_end(t, campaign, live, out);
}

const char *tally_wrong(const struct tally_sums *s) {
  if (s->attempts != s->log_rows) return "attempts = log rows";
  if (s->attempts != s->answered + s->no_answer + s->busy + s->failed) return "attempts = answered + no answer + busy + failed";
  if (s->answered != s->people + s->machines + s->other) return "answered = people + machines + other";
  if (s->people != s->connected + s->abandoned + s->early_hangup + s->taken_for_machine)
    return "people = connected + abandoned + early hang-up + taken for machine";
  return NULL;
}

int tally_write_json(const struct tally_sums *s, const char *path) {
  FILE *f = fopen(path, "we");
  if (f == NULL) return CAD_EIO;
  fprintf(f, "{\n  \"attempts\": %" PRIu64 ",\n  \"answered\": %" PRIu64 ",\n  \"no_answer\": %" PRIu64 ",\n  \"busy\": %" PRIu64 ",\n",
          s->attempts, s->answered, s->no_answer, s->busy);
  fprintf(f, "  \"failed\": %" PRIu64 ",\n  \"people\": %" PRIu64 ",\n  \"machines\": %" PRIu64 ",\n  \"other\": %" PRIu64 ",\n", s->failed,
          s->people, s->machines, s->other);
  fprintf(f,
          "  \"connected\": %" PRIu64 ",\n  \"abandoned\": %" PRIu64 ",\n  \"early_hangup\": %" PRIu64
          ",\n  \"taken_for_machine\": %" PRIu64 ",\n",
          s->connected, s->abandoned, s->early_hangup, s->taken_for_machine);
  fprintf(f, "  \"machines_to_agents\": %" PRIu64 ",\n  \"abandonment\": {\"num\": %" PRIu64 ", \"den\": %" PRIu64 "},\n",
          s->machines_to_agents, s->abandonment_num, s->abandonment_den);
  if (s->connect_count == 0)
    fprintf(f, "  \"connect_ms\": {\"p50\": null, \"p95\": null},\n");
  else
    fprintf(f, "  \"connect_ms\": {\"p50\": %u, \"p95\": %u},\n", s->connect_p50_ms, s->connect_p95_ms);
  fprintf(f, "  \"occupancy_bp\": %u,\n  \"log_rows\": %" PRIu64 "\n}\n", s->occupancy_bp, s->log_rows);
  bool bad = ferror(f) != 0;
  return fclose(f) != 0 || bad ? CAD_EIO : CAD_OK;
}

static void row(FILE *out, const char *label, uint64_t value, uint64_t of) {
  if (of == 0)
    fprintf(out, "  %-42s %8" PRIu64 "\n", label, value);
  else
    fprintf(out, "  %-42s %8" PRIu64 "   %5.1f %%\n", label, value, 100.0 * (double)value / (double)of);
}

void tally_print(const struct tally_sums *s, FILE *out, bool es) {
  fprintf(out, "\n%s\n", es ? "Resumen del ensayo" : "Summary of the rehearsal");
  row(out, es ? "llamadas (filas del registro)" : "attempts (rows of the log)", s->attempts, 0);
  row(out, es ? "  contestadas" : "  answered", s->answered, s->attempts);
  row(out, es ? "  sin respuesta" : "  no answer", s->no_answer, s->attempts);
  row(out, es ? "  ocupado" : "  busy", s->busy, s->attempts);
  row(out, es ? "  fallidas" : "  failed", s->failed, s->attempts);
  row(out, es ? "personas (la verdad de la operadora)" : "people (the carrier's truth)", s->people, s->answered);
  row(out, es ? "  conectadas con un agente" : "  connected to an agent", s->connected, s->people);
  row(out, es ? "  abandonadas (oyeron el mensaje)" : "  abandoned (heard the message)", s->abandoned, s->people);
  row(out, es ? "  colgaron pronto" : "  hung up early", s->early_hangup, s->people);
  row(out, es ? "  tomadas por contestador" : "  taken for a machine", s->taken_for_machine, s->people);
  row(out, es ? "contestadores" : "machines", s->machines, s->answered);
  row(out, es ? "  pasados a un agente" : "  passed to an agent", s->machines_to_agents, s->machines);
  row(out, es ? "otros (fax, silencio, tonos)" : "other (fax, silence, tones)", s->other, s->answered);
  fprintf(out, "  %-42s %4" PRIu64 "/%-4" PRIu64 " = %.2f %%\n", es ? "abandono legal (registro)" : "legal abandonment (our log)",
          s->abandonment_num, s->abandonment_den,
          s->abandonment_den == 0 ? 0.0 : 100.0 * (double)s->abandonment_num / (double)s->abandonment_den);
  fprintf(out, "  %-42s p50 %u ms, p95 %u ms\n", es ? "fin del saludo a audio en ambos sentidos" : "end of greeting to two-way audio",
          s->connect_p50_ms, s->connect_p95_ms);
  fprintf(out, "  %-42s %.1f %%\n", es ? "ocupación de los agentes" : "occupancy of the agents", s->occupancy_bp / 100.0);
  if (s->one_way > 0) row(out, es ? "AVISO: audio en un solo sentido" : "NOTE: audio in one direction only", s->one_way, 0);
  if (s->without_truth > 0)
    row(out, es ? "AVISO: contestadas sin dato de la operadora" : "NOTE: answered, but unknown to the carrier", s->without_truth, 0);
}
