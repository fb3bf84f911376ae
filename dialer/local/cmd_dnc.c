/* cadencia dnc: the do-not-call lists. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include <cadencia/err.h>
#include <string.h>

struct dnc_job {
  uint64_t phones[ARGS_WORDS_MAX];
  int count;
  const char *scope, *source, *campaign;
  struct wall at;
  uint64_t campaign_id;
  bool listed;
};

static int job_add(struct store *s, void *arg) {
  struct dnc_job *j = arg;
  int r = CAD_OK;
  for (int i = 0; r >= 0 && i < j->count; i++) r = store_dnc_add(s, j->phones[i], j->scope, j->source, j->at);
  return r;
}
static int job_check(struct store *s, void *arg) {
  struct dnc_job *j = arg;
  struct campaign_def d;
  int r = j->campaign ? store_campaign_get(s, j->campaign, &d) : CAD_OK;
  if (r < 0) return r;
  r = store_dnc_has(s, j->phones[0], j->campaign ? d.terms.id : 0);
  if (r < 0) return r;
  j->listed = r > 0;
  return CAD_OK;
}

static int read_phones(struct command_call *c, struct dnc_job *j) {
  const char *country = call_option(c, OPT_COUNTRY);
  const struct phone_home *home = country ? phone_home_find(country) : NULL;
  if (country && !home) return call_refuse(c, "country \"%.8s\" is not known; write two capital letters, as US, ES or MX", country);
  for (j->count = 0; j->count < c->args->word_count; j->count++) {
    char reason[PHONE_REASON_MAX];
    if (phone_parse(c->args->words[j->count], home, &j->phones[j->count], reason) < 0)
      return call_refuse(c, "%.30s: %s", c->args->words[j->count], reason);
  }
  return EXIT_GOOD;
}

int cmd_dnc_add(struct command_call *c) {
  struct dnc_job j = {.scope = call_option(c, OPT_SCOPE),
                      .source = call_option(c, OPT_SOURCE) ? call_option(c, OPT_SOURCE) : "command",
                      .at = clock_wall()};
  int status = read_phones(c, &j);
  if (status != EXIT_GOOD) return status;
  if (j.scope && strcmp(j.scope, "global") != 0 && strncmp(j.scope, "campaign:", 9) != 0 && strncmp(j.scope, "seller:", 7) != 0)
    return call_refuse(c, "the scope \"%.60s\" must be global, campaign:NAME or seller:NAME", j.scope);
  int r = c->backend->run(c->backend->self, job_add, &j, true);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no %.60s", j.scope);
  if (r < 0) return call_refuse_store(c, r, "do-not-call list");
  /* Contacts that the floor holds already are dropped now; the gate would refuse them anyway. */
  for (int i = 0; c->backend->daemon && i < j.count; i++) {
    struct mail m = mail_make(STORE_DNC_ADDED, clock_mono());
    m.u.store_opt_out = (struct mail_store_opt_out){.phone = j.phones[i], .at = j.at};
    (void)c->backend->post(c->backend->self, &m);
  }
  if (call_json(c))
    call_put_json(c, json_pack("{s:i, s:o}", "added", j.count, "scope", json_text(j.scope ? j.scope : "global")));
  else
    fprintf(c->out, "%d number%s on the do-not-call list (%s)\n", j.count, j.count == 1 ? "" : "s", j.scope ? j.scope : "global");
  return EXIT_GOOD;
}

int cmd_dnc_check(struct command_call *c) {
  struct dnc_job j = {.campaign = call_option(c, OPT_CAMPAIGN)};
  int status = read_phones(c, &j);
  if (status != EXIT_GOOD) return status;
  int r = c->backend->run(c->backend->self, job_check, &j, false);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no campaign \"%.40s\"", j.campaign);
  if (r < 0) return call_refuse_store(c, r, "do-not-call list");
  if (call_json(c)) {
    char phone[24];
    snprintf(phone, sizeof phone, "+%llu", (unsigned long long)j.phones[0]);
    call_put_json(c, json_pack("{s:s, s:b}", "phone", phone, "listed", j.listed));
  } else {
    const char *where = j.listed     ? "on a do-not-call list"
                        : j.campaign ? "on no do-not-call list that this campaign keeps to"
                                     : "not on the global do-not-call list; --campaign NAME asks those of a campaign and its seller too";
    fprintf(c->out, "+%llu is %s\n", (unsigned long long)j.phones[0], where);
  }
  return j.listed ? EXIT_REFUSED : EXIT_GOOD;
}
