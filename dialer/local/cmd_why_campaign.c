/* cadencia why campaign: how many may be called now and in the next hours, and what keeps the others. */
#include "dialer/base/clock.h"
#include "dialer/local/table.h"
#include "dialer/local/why.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

enum { NEEDS_MAX = 24, HOUR_MS = 3600000 };

struct campaign_job {
  const char *name;
  struct wall at;
  struct why_campaign why;
  struct gate_need needs[NEEDS_MAX];
  int need_count;
  const struct config *config;
  struct why_work *work;
};

static int job_begin(struct store *s, void *arg) {
  struct campaign_job *j = arg;
  return store_why_begin(s, j->name, j->at, &j->work);
}
static int job_count(struct store *s, void *arg) { return store_why_count(s, ((struct campaign_job *)arg)->work); }

static int job_why(struct store *s, void *arg) {
  struct campaign_job *j = arg;
  int r = store_why_end(s, j->work, &j->why);
  if (r < 0) return r;
  uint64_t trunk_id = 0;
  for (unsigned i = 0; i < j->config->trunk_count; i++)
    if (strcmp(j->config->trunks[i].name, j->why.def.trunk) == 0) trunk_id = j->config->trunks[i].caller_id;
  j->need_count = store_campaign_needs(s, &j->why.def, trunk_id, j->why.def.prompt[0] != '\0', j->needs, NEEDS_MAX);
  return CAD_OK;
}

static void put_json(struct command_call *c, const struct campaign_job *j, int ready_agents) {
  const struct why_campaign *w = &j->why;
  json_t *reasons = json_array(), *hours = json_array(), *needs = json_array();
  for (int i = 0; i < w->reason_count; i++)
    json_array_append_new(reasons, json_pack("{s:o, s:s, s:s, s:I, s:o}", "reason", json_text(w->reasons[i].word), "says",
                                             w->reasons[i].refusal ? why_refusal(w->reasons[i].refusal, why_spanish(c)) : "", "refusal",
                                             refusal_name(w->reasons[i].refusal), "contacts", (json_int_t)w->reasons[i].contacts, "next",
                                             json_time(w->reasons[i].next)));
  for (int h = 0; h < WHY_HOURS; h++)
    json_array_append_new(hours, json_pack("{s:o, s:I}", "at", json_time(wall_add(w->at, (int64_t)(h + 1) * HOUR_MS)), "dialable",
                                           (json_int_t)w->by_hour[h]));
  for (int i = 0; i < j->need_count; i++)
    json_array_append_new(needs, json_pack("{s:o, s:o, s:o}", "rule", j->needs[i].rule ? json_text(j->needs[i].rule->id) : json_null(),
                                           "missing", json_text(j->needs[i].what), "fix", json_text(j->needs[i].fix)));
  call_put_json(c, json_pack("{s:o, s:s, s:o, s:I, s:I, s:o, s:o, s:o, s:i, s:I, s:I}", "campaign", json_text(w->def.terms.name), "state",
                             campaign_state_name((enum campaign_state)w->def.state), "at", json_time(w->at), "contacts",
                             (json_int_t)w->contacts, "dialable", (json_int_t)w->dialable, "reasons", reasons, "hours", hours, "needs",
                             needs, "ready_agents", ready_agents, "sampled", (json_int_t)w->sampled, "sample_refused",
                             (json_int_t)w->sample_refused));
}

static void print_first(struct command_call *c, const struct campaign_job *j, int ready, bool es) {
  const struct why_campaign *w = &j->why;
  fprintf(c->out,
          es ? "campaña %s: %s, %llu contactos, %llu se pueden marcar ahora\n" : "campaign %s: %s, %llu contacts, %llu may be dialed now\n",
          w->def.terms.name, campaign_state_name((enum campaign_state)w->def.state), (unsigned long long)w->contacts,
          (unsigned long long)w->dialable);
  if (w->def.state != CAMPAIGN_RUNNING)
    fprintf(c->out,
            es ? "  no marca: no está en marcha; cadencia campaign start %s\n"
               : "  does not dial: it is not running; cadencia campaign start %s\n",
            w->def.terms.name);
  if (ready == 0)
    fputs(es ? "  no marca: ningún agente está listo; cadencia agent ready NOMBRE\n"
             : "  does not dial: no agent is ready; cadencia agent ready NAME\n",
          c->out);
  if (ready < 0)
    fputs(es ? "  no marca: el servicio no está en marcha; cadencia serve\n"
             : "  does not dial: the daemon is not running; cadencia serve\n",
          c->out);
  for (int i = 0; i < j->need_count; i++)
    fprintf(c->out, es ? "  falta (%s): %s; %s\n" : "  missing (%s): %s; %s\n", j->needs[i].rule ? j->needs[i].rule->id : "-",
            j->needs[i].what, j->needs[i].fix);
}

static void print(struct command_call *c, const struct campaign_job *j, int ready) {
  const struct why_campaign *w = &j->why;
  bool es = why_spanish(c);
  static const char *const EN[] = {"REASON", ">CONTACTS", "WHAT IT MEANS", "FIRST AGAIN (UTC)", NULL}, *const ES[] = {
                                                                                                           "MOTIVO", ">CONTACTOS",
                                                                                                           "QUÉ SIGNIFICA",
                                                                                                           "PRIMERA VEZ (UTC)", NULL};
  print_first(c, j, ready, es);
  fputc('\n', c->out);
  struct table *t = table_create(es ? ES : EN);
  for (int i = 0; i < w->reason_count; i++) {
    const struct why_reason *r = &w->reasons[i];
    char time[80];
    why_time(NULL, NULL, r->next, time, sizeof time);
    table_put(t, "%s", r->word);
    table_put(t, "%llu", (unsigned long long)r->contacts);
    table_put(t, "%s", r->refusal ? why_refusal(r->refusal, es) : "");
    table_put(t, "%s", time);
  }
  table_print(t, c->out, es ? "nada retiene a los contactos" : "nothing keeps any contact");
  table_destroy(t);
  fputs(es ? "\nse podrán marcar en las próximas horas:" : "\nmay be dialed in the next hours:", c->out);
  for (int h = 0; h < WHY_HOURS; h++) fprintf(c->out, "%s+%d h %llu", h % 6 == 0 ? "\n  " : "  ", h + 1, (unsigned long long)w->by_hour[h]);
  fprintf(c->out,
          es ? "\n(las primeras %llu pasaron por todas las reglas, %llu retenidas)\n"
             : "\n(the first %llu were put to every rule, %llu of them are kept)\n",
          (unsigned long long)w->sampled, (unsigned long long)w->sample_refused);
}

/* Agents of the campaign who take calls; < 0: no daemon. */
static int ready_agents(struct command_call *c, const char *campaign) {
  if (!c->backend->daemon) return -1;
  struct live *live = malloc(sizeof *live);
  int n = 0;
  if (!live) return 0;
  c->backend->live(c->backend->self, live);
  for (unsigned i = 0; i < live->agent_count; i++) {
    const struct live_agent *a = &live->agents[i];
    bool working = a->state == AGENT_READY || a->state == AGENT_RESERVED || a->state == AGENT_TALKING || a->state == AGENT_WRAPUP;
    if (working && a->campaign < live->campaign_count && strcmp(live->campaigns[a->campaign].name, campaign) == 0) n++;
  }
  free(live);
  return n;
}

/* Millions of rows are counted beside the store, not in its thread. */
static int look(struct command_call *c, struct campaign_job *j) {
  char path[600];
  struct store *reader = NULL;
  int r = c->backend->run(c->backend->self, job_begin, j, false);
  if (r < 0) return r;
  snprintf(path, sizeof path, "%s/cadencia.db", c->backend->config->state_dir);
  if (c->backend->daemon && store_open_reader(path, &reader, NULL) >= 0)
    r = store_why_count(reader, j->work);
  else
    r = c->backend->run(c->backend->self, job_count, j, false);
  store_close(reader);
  return r < 0 ? r : c->backend->run(c->backend->self, job_why, j, false);
}

int cmd_why_campaign(struct command_call *c) {
  struct campaign_job *j = calloc(1, sizeof *j);
  if (!j) return EXIT_REFUSED;
  j->name = c->args->words[0];
  j->config = c->backend->config;
  int status = why_at(c, &j->at);
  int r = status == EXIT_GOOD ? look(c, j) : CAD_OK;
  if (r == CAD_ENOENT)
    status = call_refuse(c, "there is no campaign \"%.40s\"; cadencia campaign list shows them", j->name);
  else if (r < 0)
    status = call_refuse_store(c, r, "campaign");
  else if (status == EXIT_GOOD && call_json(c))
    put_json(c, j, ready_agents(c, j->name));
  else if (status == EXIT_GOOD)
    print(c, j, ready_agents(c, j->name));
  store_why_free(j->work);
  free(j);
  return status;
}
