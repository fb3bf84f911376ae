/* cadencia why contact: may this person be called? Every rule, what it looked at, what it says, and when. */
#include "dialer/base/clock.h"
#include "dialer/local/table.h"
#include "dialer/local/why.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

struct contact_job {
  uint64_t key;
  const char *campaign;
  struct wall at;
  struct why_contact why;
  struct law law; /* zones are only added to: they may be looked at here */
};

static int job_why(struct store *s, void *arg) {
  struct contact_job *j = arg;
  j->law = *store_law(s);
  return store_why_contact(s, j->key, j->campaign, j->at, &j->why);
}

/* A contact's id, or a number as people write it. */
static int read_key(struct command_call *c, uint64_t *out) {
  const char *word = c->args->words[0], *country = call_option(c, OPT_COUNTRY);
  char reason[PHONE_REASON_MAX];
  if (strlen(word) > 15 && strspn(word, "0123456789") == strlen(word)) {
    *out = strtoull(word, NULL, 10);
    return EXIT_GOOD;
  }
  if (phone_parse(word, country ? phone_home_find(country) : NULL, out, reason) >= 0) return EXIT_GOOD;
  if (word[0] != '+' && strspn(word, "0123456789") == strlen(word) && strlen(word) >= 7) { /* digits of E.164 without the plus */
    *out = strtoull(word, NULL, 10);
    return EXIT_GOOD;
  }
  return call_refuse(c, "%.30s: %s", word, reason);
}

static json_t *place_json(const struct contact_job *j, json_t **regions) {
  json_t *zones = json_array();
  *regions = json_array();
  for (int i = 0; i < j->why.place.zone_count; i++)
    json_array_append_new(zones, json_string(zones_name(j->law.zones, j->why.place.zones[i])));
  for (int i = 0; i < j->why.place.region_count; i++) {
    char text[REGION_TEXT_MAX];
    region_text(j->why.place.regions[i], text);
    json_array_append_new(*regions, json_string(text));
  }
  return zones;
}

static void put_json(struct command_call *c, const struct contact_job *j) {
  const struct why_contact *w = &j->why;
  json_t *rules = json_array(), *regions, *zones = place_json(j, &regions);
  for (int i = 0; i < w->count; i++) {
    const struct gate_finding *g = &w->findings[i];
    json_array_append_new(rules, json_pack("{s:s, s:b, s:s, s:o, s:o, s:o}", "rule", g->id, "fulfilled", g->reason == REFUSAL_NONE,
                                           "reason", refusal_name(g->reason), "inputs", json_text(g->inputs), "next", json_time(g->next),
                                           "citation", g->rule ? json_text(g->rule->citation) : json_null()));
  }
  char phone[24];
  snprintf(phone, sizeof phone, "+%llu", (unsigned long long)w->phone);
  call_put_json(c, json_pack("{s:s, s:o, s:o, s:s, s:o, s:b, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "phone", phone, "contact",
                             json_id(w->case_id), "campaign", json_text(w->def.terms.name), "campaign_state",
                             campaign_state_name((enum campaign_state)w->def.state), "at", json_time(w->at), "allowed",
                             w->verdict.reason == REFUSAL_NONE, "reason", refusal_name(w->verdict.reason), "says",
                             w->verdict.reason ? why_refusal(w->verdict.reason, why_spanish(c)) : "", "rule",
                             w->verdict.rule ? json_text(w->verdict.rule->id) : json_null(), "next", json_time(w->verdict.next), "standing",
                             !w->known        ? "unknown"
                             : w->status == 2 ? "finished"
                             : w->status == 1 ? "being_called"
                                              : "waiting",
                             "due", json_time(w->due), "zones", zones, "regions", regions, "rules", rules));
}

static void print_standing(struct command_call *c, const struct contact_job *j, bool es) {
  const struct why_contact *w = &j->why;
  char due[80];
  why_time(&j->law, &w->place, w->due, due, sizeof due);
  if (w->def.state != CAMPAIGN_RUNNING)
    fprintf(c->out, es ? "  la campaña no está en marcha (%s)\n" : "  the campaign does not run (%s)\n",
            campaign_state_name((enum campaign_state)w->def.state));
  if (!w->known)
    fputs(es ? "  no es un contacto de esta campaña; se juzga solo el número\n"
             : "  not a contact of this campaign; only the number is judged\n",
          c->out);
  else if (w->status == 2)
    fputs(es ? "  el contacto está terminado: no se volverá a marcar\n" : "  the contact is finished: it will not be dialed again\n",
          c->out);
  else if (w->status == 1)
    fputs(es ? "  se le está llamando ahora\n" : "  is being called now\n", c->out);
  else if (w->due.ms > w->at.ms)
    fprintf(c->out, es ? "  le toca el turno: %s\n" : "  its turn comes: %s\n", due);
  else
    fputs(es ? "  espera su turno\n" : "  waits for its turn\n", c->out);
}

static void print_place(struct command_call *c, const struct contact_job *j, bool es) {
  const struct law_place *p = &j->why.place;
  fputs(es ? "  puede estar en" : "  may be in", c->out);
  for (int i = 0; i < p->region_count; i++) {
    char text[REGION_TEXT_MAX];
    region_text(p->regions[i], text);
    fprintf(c->out, " %s", text);
  }
  for (int i = 0; i < p->zone_count && i < 6; i++) fprintf(c->out, "%s %s", i ? "," : ":", zones_name(j->law.zones, p->zones[i]));
  fprintf(c->out, "%s\n", p->zone_count > 6 ? " ..." : p->zone_count == 0 ? (es ? ": zona desconocida" : ": zone unknown") : "");
}

static void print(struct command_call *c, const struct contact_job *j) {
  const struct why_contact *w = &j->why;
  bool es = why_spanish(c), good = w->verdict.reason == REFUSAL_NONE;
  char when[80], next[80];
  why_time(&j->law, &w->place, w->at, when, sizeof when);
  why_time(&j->law, &w->place, w->verdict.next, next, sizeof next);
  fprintf(c->out, es ? "+%llu, campaña %s, %s: %s" : "+%llu, campaign %s, %s: %s", (unsigned long long)w->phone, w->def.terms.name, when,
          good ? (es ? "SÍ" : "YES") : "NO");
  if (!good)
    fprintf(c->out, ", %s (%s)", why_refusal(w->verdict.reason, es),
            w->verdict.rule ? w->verdict.rule->id : refusal_name(w->verdict.reason));
  fputc('\n', c->out);
  if (!good)
    fprintf(c->out, es ? "  próxima hora posible: %s\n" : "  earliest next time: %s\n",
            w->verdict.next.ms ? next
            : es               ? "no previsible"
                               : "not foreseeable");
  print_place(c, j, es);
  print_standing(c, j, es);
  fputc('\n', c->out);
  static const char *const EN[] = {"RULE", "SAYS", "LOOKED AT", "NEXT", NULL}, *const ES[] = {"REGLA", "DICE", "MIRÓ", "PRÓXIMA", NULL};
  struct table *t = table_create(es ? ES : EN);
  for (int i = 0; i < w->count; i++) {
    const struct gate_finding *g = &w->findings[i];
    char time[80] = "";
    if (g->next.ms) why_time(&j->law, &w->place, g->next, time, sizeof time);
    table_put(t, "%s", g->id);
    table_put(t, "%s", g->reason == REFUSAL_NONE ? "ok" : refusal_name(g->reason));
    table_put(t, "%s", g->inputs);
    table_put(t, "%s", time);
  }
  table_print(t, c->out, "");
  table_destroy(t);
}

int cmd_why_contact(struct command_call *c) {
  struct contact_job *j = calloc(1, sizeof *j);
  if (!j) return EXIT_REFUSED;
  j->campaign = call_option(c, OPT_CAMPAIGN);
  int status = read_key(c, &j->key);
  if (status == EXIT_GOOD) status = why_at(c, &j->at);
  int r = status == EXIT_GOOD ? c->backend->run(c->backend->self, job_why, j, false) : CAD_OK;
  if (r == CAD_ENOENT)
    status = j->campaign ? call_refuse(c, "there is no campaign \"%.40s\"; cadencia campaign list shows them", j->campaign)
                         : call_refuse(c, "no campaign has this contact; name one with --campaign to have the number judged all the same");
  else if (r < 0)
    status = call_refuse_store(c, r, "contact");
  else if (status == EXIT_GOOD && call_json(c))
    put_json(c, j);
  else if (status == EXIT_GOOD)
    print(c, j);
  free(j);
  return status;
}
