#include "dialer/local/telemarketing.h"
#include <cadencia/err.h>
#include <string.h>

struct telemarketing {
  struct rows_out *out;
  struct store *store;
  uint64_t known; /* the campaign whose definition is at hand */
  struct campaign_def def;
};

static const struct campaign_def *definition(struct telemarketing *t, const struct call_row *r) {
  if (t->known == r->campaign_id) return &t->def;
  if (store_campaign_get(t->store, r->campaign, &t->def) < 0) memset(&t->def, 0, sizeof t->def);
  t->known = r->campaign_id;
  return &t->def;
}

/* The rule's own words: answered, connected, dropped, transferred. */
static const char *disposed(const struct call_row *r) {
  if (r->abandoned) return "dropped";
  if (r->outcome == OUTCOME_CONNECTED) return r->inbound ? "connected" : "connected: transferred to the agent";
  if (r->open) return "going on";
  return r->answered.ms ? "answered" : "not answered";
}

/* Which recording the person or the machine heard, if any. */
static const char *played(const struct campaign_def *d, const struct call_row *r) {
  if (r->inbound) return "";
  if (r->outcome == OUTCOME_MESSAGE_LEFT) return d->message;
  return r->abandoned ? d->prompt : "";
}

static int put(void *arg, const struct call_row *r) {
  struct telemarketing *t = arg;
  struct rows_out *o = t->out;
  const struct campaign_def *d = definition(t, r);
  const char *recording = played(d, r);
  out_id(o, "attempt_id", r->attempt_id, false);
  out_cell(o, "telemarketer", d->record.telemarketer[0] ? d->record.telemarketer : r->seller, false);
  out_cell(o, "seller", r->seller, false);
  out_cell(o, "campaign", r->campaign, false);
  out_cell(o, "good_or_service", d->record.good_or_service, false);
  out_cell(o, "purpose", d->purpose, false);
  out_cell(o, "called_party", d->record.called_party, false);
  out_cell(o, "direction", r->inbound ? "inbound" : "outbound", false);
  out_flag(o, "prerecorded", recording[0] != '\0', false);
  out_cell(o, "recording", recording, false);
  out_cell(o, "script", r->outcome == OUTCOME_CONNECTED ? d->record.script : "", false);
  out_phone(o, "calling_number", r->inbound ? r->phone : r->caller_id, false);
  out_cell(o, "caller_name", r->inbound ? "" : d->record.caller_name, false);
  out_cell(o, "caller_id_proof", r->inbound ? "" : d->record.caller_id_proof, false);
  out_phone(o, "called_number", r->inbound ? r->caller_id : r->phone, false);
  out_time(o, "started_at", r->started, false);
  out_time(o, "answered_at", r->answered, false);
  out_time(o, "ended_at", r->ended, false);
  out_number(o, "duration_ms", r->answered.ms && r->ended.ms ? r->ended.ms - r->answered.ms : 0, false);
  out_cell(o, "disposition", disposed(r), false);
  out_cell(o, "outcome", outcome_name((enum outcome)r->outcome), false);
  out_cell(o, "transferred_to", r->agent, false);
  out_cell(o, "agent_disposition", r->disposition, true);
  return out_line(o);
}

int put_telemarketing(struct rows_out *o, struct store *s, const struct call_filter *f) {
  struct telemarketing t = {.out = o, .store = s};
  if (o->csv)
    out_text(o, "attempt_id,telemarketer,seller,campaign,good_or_service,purpose,called_party,direction,prerecorded,recording,script,"
                "calling_number,"
                "caller_name,caller_id_proof,called_number,started_at,answered_at,ended_at,duration_ms,disposition,outcome,transferred_to,"
                "agent_disposition\n");
  return store_calls_each(s, f, put, &t);
}
