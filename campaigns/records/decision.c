#include "store_internal.h"
#include <string.h>

uint64_t decision_id(struct store *s, struct wall at) {
  enum { UPPER_HALF = 0x800 };
  s->decision_ids.box = s->ids.box;
  if (s->decision_ids.last < s->ids.last) s->decision_ids.last = s->ids.last;
  uint64_t id = id_next(&s->decision_ids, at.ms ? at : store_now(s)) | UPPER_HALF;
  s->decision_ids.last = id;
  return id;
}

int decision_put(struct store *s, const struct decision *d, unsigned char *salt_out) {
  unsigned char salt[SALT_BYTES], commit[COMMIT_BYTES];
  struct content *content = &s->chain.content;
  if (d->phone) {
    chain_salt(&s->chain, salt);
    chain_commitment(d->phone, salt, commit);
    if (salt_out) memcpy(salt_out, salt, SALT_BYTES);
  }
  content_clear(content);
  int err =
      db_run_into(&s->db, content, Q_DECISION_PUT,
                  "INSERT INTO decision(id,seller,campaign,case_id,at,allowed,rule,rule_version,reason,next_at,inputs,kind,phone,salt)"
                  " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                  "uuuuidtddwtdUS", d->id, d->seller, d->campaign, d->case_id, d->at.ms, (int)(d->reason == REFUSAL_NONE), d->rule,
                  d->rule_version ? (int)d->rule_version : (int)GATE_RULE_VERSION, (int)d->reason, d->next, d->inputs, (int)d->kind,
                  d->phone, d->phone ? salt : NULL);
  return err < 0 ? err : chain_put(s, CHAIN_DECISION, d->id, d->phone ? commit : NULL);
}
