/* cadencia agent dial: an agent calls a contact, or a number, of his own choice. The gate is asked first, so that a "no" has its
 * reason and its time before anything rings; it is asked again at the open, as for every attempt. */
#include "dialer/base/clock.h"
#include "dialer/local/why.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>

enum { CONTACT_ID_DIGITS = 16 }; /* a word of so many digits is a contact's id: numbers have at most 15 */
enum dial_stage { AT_AGENT = 0, AT_CAMPAIGN, AT_NUMBER, AT_CONTACT };

struct dial_job {
  const char *agent, *campaign, *word;
  enum dial_stage stage; /* how far it came */
  char campaign_name[MAIL_NAME_MAX], reason[PHONE_REASON_MAX], next[80];
  struct agent_def def;
  struct campaign_def terms;
  struct contact_row row;
  struct hand_lease found;
};

static bool serves(const struct agent_def *a, const char *campaign) {
  bool found = strcmp(a->campaign, campaign) == 0;
  for (unsigned i = 0; i < a->a.also_count && i < MAIL_ALSO_MAX; i++) found |= strcmp(a->also[i], campaign) == 0;
  return found;
}

/* When it may be called, by a clock of the person called. */
static void tell_next(struct store *s, struct dial_job *j) {
  struct law_place place = {.zone_count = j->found.zone != ZONE_NONE};
  place.zones[0] = j->found.zone;
  why_time(store_law(s), &place, j->found.next, j->next, sizeof j->next);
}

static int job_dial(struct store *s, void *arg) {
  struct dial_job *j = arg;
  struct hand_want want = {.campaign = j->campaign_name};
  int err = store_agent_get(s, j->agent, &j->def);
  if (err < 0) return err;
  j->stage = AT_CAMPAIGN;
  snprintf(j->campaign_name, sizeof j->campaign_name, "%s", j->campaign ? j->campaign : j->def.campaign);
  if ((err = store_campaign_get(s, j->campaign_name, &j->terms)) < 0) return err;
  if (!serves(&j->def, j->campaign_name) || j->terms.hand == HAND_NO) return CAD_EREFUSED;
  j->stage = AT_NUMBER;
  want.agent_id = j->def.a.agent_id;
  if (strlen(j->word) >= CONTACT_ID_DIGITS && strspn(j->word, "0123456789") == strlen(j->word)) {
    want.case_id = strtoull(j->word, NULL, 10);
  } else {
    if (phone_parse(j->word, phone_home_find(j->terms.country), &want.phone, j->reason) < 0) return CAD_EFORMAT;
    j->row = (struct contact_row){.phone = want.phone};
    if (j->terms.hand == HAND_ANY) want.row = &j->row;
  }
  j->stage = AT_CONTACT;
  err = store_hand_lease(s, &want, clock_now(), &j->found);
  if (err >= 0 && j->found.reason != REFUSAL_NONE) tell_next(s, j);
  return err;
}

static int refuse(struct command_call *c, const struct dial_job *j, int err) {
  const char *campaign = j->campaign_name;
  if (j->stage == AT_AGENT && err == CAD_ENOENT)
    return call_refuse(c, "there is no agent \"%.40s\"; cadencia agent list shows them", j->agent);
  if (j->stage == AT_CAMPAIGN && err == CAD_ENOENT)
    return call_refuse(c, "there is no campaign \"%.40s\"; cadencia campaign list shows them", campaign);
  if (j->stage == AT_CAMPAIGN && err == CAD_EREFUSED && j->terms.hand == HAND_NO && serves(&j->def, campaign))
    return call_refuse(c, "nobody is called by hand in %s: its template said dial_by_hand = \"no\"", campaign);
  if (j->stage == AT_CAMPAIGN && err == CAD_EREFUSED) return call_refuse(c, "%s does not serve the campaign \"%.40s\"", j->agent, campaign);
  if (j->stage == AT_NUMBER && err == CAD_EFORMAT) return call_refuse(c, "%.30s: %s", j->word, j->reason);
  if (j->stage != AT_CONTACT) return call_refuse_store(c, err, "agent");
  if (err == CAD_ENOENT)
    return call_refuse(c, "%.30s is no contact of %s; import it, or let dial_by_hand = \"any\" stand in its template", j->word, campaign);
  if (err == CAD_EBUSY) return call_refuse(c, "%.30s is being called just now", j->word);
  if (err == CAD_EEXIST) return call_refuse(c, "%.30s is finished in %s: it is not called again", j->word, campaign);
  if (err == CAD_EREFUSED)
    return call_refuse(c, "%.30s cannot become a contact of %s: %s", j->word, campaign,
                       j->found.result == CONTACT_DNC    ? "it is on a do-not-call list"
                       : j->found.result == CONTACT_FULL ? "the box has as many contacts as its limits permit"
                                                         : "nobody knows in which time zone it is");
  return call_refuse_store(c, err, "contact");
}

int cmd_agent_dial(struct command_call *c) {
  struct dial_job j = {.agent = c->args->words[0], .word = c->args->words[1], .campaign = call_option(c, OPT_CAMPAIGN)};
  if (!c->backend->daemon) return call_refuse(c, "no daemon runs here; start it with cadencia serve");
  const int err = c->backend->run(c->backend->self, job_dial, &j, false);
  if (err < 0) return refuse(c, &j, err);
  if (j.found.reason != REFUSAL_NONE) {
    const bool es = why_spanish(c);
    return call_refuse(c,
                       es ? "%.30s no se puede llamar ahora: %s (%s); próxima hora posible: %s"
                          : "%.30s may not be called now: %s (%s); earliest next time: %s",
                       j.word, why_refusal((enum refusal)j.found.reason, es),
                       j.found.rule[0] ? j.found.rule : refusal_name((enum refusal)j.found.reason), j.next);
  }
  struct mail m = mail_make(ORDER_DIAL, clock_mono());
  struct mail_order_reply reply = {0};
  m.u.order_dial.agent_id = j.def.a.agent_id;
  m.u.order_dial.lease = j.found.lease;
  const int r = c->backend->order(c->backend->self, &m, &reply);
  reply.text[sizeof reply.text - 1] = 0;
  if (r == CAD_ETIMEOUT) return call_refuse(c, "the floor has not answered within 5 s; look at the daemon's log");
  if (r < 0) return call_refuse(c, "the floor takes no orders now (%s); try again", err_name(r));
  if (reply.err < 0) return call_refuse(c, "%s", reply.text[0] ? reply.text : err_name(reply.err));
  char phone[24];
  snprintf(phone, sizeof phone, "+%llu", (unsigned long long)j.found.lease.phone);
  if (call_json(c))
    call_put_json(c, json_pack("{s:o, s:s, s:o, s:o, s:o, s:b, s:o}", "agent", json_text(j.agent), "phone", phone, "contact",
                               json_id(j.found.lease.case_id), "name", json_text(j.found.lease.name), "campaign",
                               json_text(j.campaign_name), "new", (int)j.found.added, "reply", json_text(reply.text)));
  else
    fprintf(c->out, "%s: %s%s%s%s\n", phone, reply.text, j.found.lease.name[0] ? ", " : "", j.found.lease.name,
            j.found.added ? " (a new contact)" : "");
  return EXIT_GOOD;
}
