/* What the days came to: for people, for machines. */
#include "dialer/simulate.h"
#include <string.h>

static double percent(uint64_t num, uint64_t den) { return den ? 100.0 * (double)num / (double)den : 0; }

bool simulate_breach(const struct simulated *s, unsigned day) {
  const struct world_result *r = &s->results[day];
  return 100.0 * (double)r->abandoned > s->params.day.limit_pct * (double)(r->abandoned + r->connected) + 1e-9;
}

static struct world_result sum_of(const struct simulated *s) {
  struct world_result t = {0};
  for (unsigned i = 0; i < s->days; i++) {
    const struct world_result *r = &s->results[i];
    t.attempts += r->attempts, t.answered += r->answered, t.people += r->people, t.machines += r->machines;
    t.connected += r->connected, t.abandoned += r->abandoned, t.early_hangup += r->early_hangup;
    t.taken_for_machine += r->taken_for_machine, t.machines_to_agents += r->machines_to_agents;
    t.refused += r->refused, t.steps += r->steps, t.decisions += r->decisions, t.worker_deaths += r->worker_deaths;
    t.lost_people += r->lost_people, t.served_people += r->served_people, t.given_up += r->given_up;
    t.inbound += r->inbound, t.inbound_served += r->inbound_served, t.inbound_lost += r->inbound_lost;
    t.inbound_wait_ms += r->inbound_wait_ms, t.log_rows += r->log_rows, t.talk_ms += r->talk_ms, t.wrapup_ms += r->wrapup_ms;
    t.ready_ms += r->ready_ms, t.wasted_ms += r->wasted_ms, t.break_ms += r->break_ms, t.idle_gaps += r->idle_gaps;
    t.wait_p50_ms += r->wait_p50_ms, t.wait_p95_ms += r->wait_p95_ms;
    t.hash = i == 0 ? r->hash : (t.hash ^ r->hash) * 0x100000001b3u;
  }
  t.wait_p50_ms /= s->days, t.wait_p95_ms /= s->days;
  return t;
}

struct judged {
  double worst_pct, worst_legal_pct, utilisation_bp;
  unsigned breaches, strict; /* strict: hang-ups while waiting and the estimate for screening included */
};
static struct judged judge_days(const struct simulated *s) {
  struct judged j = {0};
  for (unsigned i = 0; i < s->days; i++) {
    double pct = world_abandonment_pct(&s->results[i], &s->params.day);
    if (pct > j.worst_pct) j.worst_pct = pct;
    const struct world_result *r = &s->results[i];
    double legal = percent(r->abandoned, r->abandoned + r->connected);
    if (legal > j.worst_legal_pct) j.worst_legal_pct = legal;
    j.strict += pct > s->params.day.limit_pct + 1e-9;
    j.breaches += simulate_breach(s, i);
    j.utilisation_bp += (double)world_utilisation_bp(&s->results[i]) / s->days;
  }
  return j;
}

static unsigned long long big(uint64_t n) { return n; }

void simulate_table(const struct simulated *s, FILE *out) {
  struct world_result t = sum_of(s);
  struct judged j = judge_days(s);
  const struct scenario *d = &s->params.day;
  double hours = d->hours * s->days, mistaken = d->screening ? d->mistaken_pct : 0;
  fprintf(out, "\n%s: %u agents, %.1f h, %s", d->name, d->agents, d->hours, s->policy);
  if (s->days > 1) fprintf(out, ", %u days from", s->days);
  fprintf(out, " seed %llu\n\n", big(s->params.seed));
  fprintf(out, "  utilisation         %9.1f %%   talk and wrap-up with people, of the time at work\n", j.utilisation_bp / 100);
  fprintf(out, "  people lost         %9.2f %%   %llu of %llu, hang-ups while waiting included%s; limit %.2f %%\n",
          world_abandonment_pct(&t, d), big(t.lost_people), big(t.lost_people + t.served_people),
          mistaken > 0 ? ", and the estimate for screening" : "", d->limit_pct);
  if (s->days > 1)
    fprintf(out, "    worst day         %9.2f %%   %u of %u days over the limit, reckoned so strictly\n", j.worst_pct, j.strict, s->days);
  fprintf(out, "  abandoned, legally  %9.2f %%   %llu of %llu live answers, as the log says\n",
          percent(t.abandoned, t.abandoned + t.connected), big(t.abandoned), big(t.abandoned + t.connected));
  if (s->days > 1) fprintf(out, "    worst day         %9.2f %%   %u of %u days over the limit\n", j.worst_legal_pct, j.breaches, s->days);
  fprintf(out, "  hung up early       %9llu\n", big(t.early_hangup));
  fprintf(out, "  attempts            %9llu     %.1f an hour and agent; %llu given up after the legal ring time\n", big(t.attempts),
          (double)t.attempts / hours / d->agents, big(t.given_up));
  fprintf(out, "  answered            %9llu     %.1f %%: %llu people, %llu machines (%llu reached agents)\n", big(t.answered),
          percent(t.answered, t.attempts), big(t.people), big(t.machines), big(t.machines_to_agents));
  fprintf(out, "  connected           %9llu     greeting end to agent: median %u ms, p95 %u ms\n", big(t.connected), t.wait_p50_ms,
          t.wait_p95_ms);
  fprintf(out, "  an agent waits      %9.1f s   between two calls, on average\n",
          t.idle_gaps ? (double)t.ready_ms / 1000 / (double)t.idle_gaps : 0);
  if (t.inbound)
    fprintf(out, "  inbound             %9llu     %llu served after %.1f s, %llu gave up\n", big(t.inbound), big(t.inbound_served),
            t.inbound_served ? (double)t.inbound_wait_ms / 1000 / (double)t.inbound_served : 0, big(t.inbound_lost));
  fprintf(out, "  trace        %016llx     same build, options and seed: same trace\n", big(t.hash));
  fprintf(out, "  (%.1f s of CPU; %llu decisions)\n\n", s->seconds, big(t.decisions));
}

static void put_day(FILE *out, const struct simulated *s, const struct world_result *r, uint64_t seed) {
  fprintf(out,
          "{\"seed\": %llu, \"utilisation_bp\": %u, \"people_lost_pct\": %.3f, \"lost\": %llu, \"served\": %llu, \"hash\": \"%016llx\"}",
          big(seed), world_utilisation_bp(r), world_abandonment_pct(r, &s->params.day), big(r->lost_people), big(r->served_people),
          big(r->hash));
}

static void put_text(FILE *out, const char *text) {
  fputc('"', out);
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') fputc('\\', out);
    fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
  }
  fputc('"', out);
}

void simulate_json(const struct simulated *s, FILE *out) {
  struct world_result t = sum_of(s);
  struct judged j = judge_days(s);
  const struct scenario *d = &s->params.day;
  fputs("{\"scenario\": ", out);
  put_text(out, d->name);
  fputs(", \"policy\": ", out);
  put_text(out, s->policy);
  fprintf(
      out,
      ", \"agents\": %u, \"hours\": %g, \"days\": %u, \"seed\": %llu, \"limit_pct\": %g, \"utilisation_bp\": %.0f, \"occupancy_bp\": %.0f, "
      "\"people_lost_pct\": %.3f, \"worst_day_pct\": %.3f, \"strict_days\": %u, \"legal_worst_pct\": %.3f, \"breach_days\": %u, ",
      d->agents, d->hours, s->days, big(s->params.seed), d->limit_pct, j.utilisation_bp,
      percent(t.talk_ms + t.wrapup_ms + t.wasted_ms, t.talk_ms + t.wrapup_ms + t.wasted_ms + t.ready_ms) * 100,
      world_abandonment_pct(&t, d), j.worst_pct, j.strict, j.worst_legal_pct, j.breaches);
  fprintf(out,
          "\"attempts\": %llu, \"answered\": %llu, \"people\": %llu, \"machines\": %llu, \"connected\": %llu, \"abandoned\": %llu, "
          "\"early_hangup\": %llu, \"taken_for_machine\": %llu, \"machines_to_agents\": %llu, \"given_up\": %llu, "
          "\"abandonment\": {\"num\": %llu, \"den\": %llu}, ",
          big(t.attempts), big(t.answered), big(t.people), big(t.machines), big(t.connected), big(t.abandoned), big(t.early_hangup),
          big(t.taken_for_machine), big(t.machines_to_agents), big(t.given_up), big(t.abandoned), big(t.abandoned + t.connected));
  fprintf(out,
          "\"wait_ms\": {\"p50\": %u, \"p95\": %u}, \"idle_s\": %.2f, \"talk_ms\": %llu, \"wrapup_ms\": %llu, \"ready_ms\": %llu, "
          "\"wasted_ms\": %llu, \"inbound\": {\"arrived\": %llu, \"served\": %llu, \"lost\": %llu}, ",
          t.wait_p50_ms, t.wait_p95_ms, t.idle_gaps ? (double)t.ready_ms / 1000 / (double)t.idle_gaps : 0, big(t.talk_ms), big(t.wrapup_ms),
          big(t.ready_ms), big(t.wasted_ms), big(t.inbound), big(t.inbound_served), big(t.inbound_lost));
  fprintf(
      out,
      "\"log_rows\": %llu, \"refused\": %llu, \"worker_deaths\": %llu, \"steps\": %llu, \"decisions\": %llu, \"cpu_s\": %.2f, \"hash\": "
      "\"%016llx\", \"each\": [",
      big(t.log_rows), big(t.refused), big(t.worker_deaths), big(t.steps), big(t.decisions), s->seconds, big(t.hash));
  for (unsigned i = 0; i < s->days; i++) {
    if (i) fputs(", ", out);
    put_day(out, s, &s->results[i], s->params.seed + i);
  }
  fputs("]}\n", out);
}
