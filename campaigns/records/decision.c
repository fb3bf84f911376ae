#include "store_internal.h"
#include <string.h>

#define COLUMNS                                                                                                                            \
  "(id,seller,campaign,case_id,at,allowed,rule,rule_version,reason,next_at,inputs,kind,phone,salt) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)"

/* Launches have the ids of their attempts; what is decided without a launch has ids of ours and a table of its own, so that
 * the two makers of ids never meet. */
int decision_put(struct store *s, const struct decision *d, unsigned char *salt_out) {
  unsigned char salt[SALT_BYTES], commit[COMMIT_BYTES];
  struct content *content = &s->chain.content;
  if (d->phone) {
    chain_salt(&s->chain, salt);
    chain_commitment(d->phone, salt, commit);
    if (salt_out) memcpy(salt_out, salt, SALT_BYTES);
  }
  content_clear(content);
  bool launch = d->kind == DECISION_LAUNCH;
  uint64_t id = launch ? d->id : store_id(s, d->at);
  int err = db_run_into(&s->db, content, launch ? Q_DECISION_PUT : Q_VERDICT_PUT,
                        launch ? "INSERT INTO decision" COLUMNS : "INSERT INTO verdict" COLUMNS, "uuuuidtddwtdUS", id, d->seller,
                        d->campaign, d->case_id, d->at.ms, (int)(d->reason == REFUSAL_NONE), d->rule,
                        d->rule_version ? (int)d->rule_version : (int)GATE_RULE_VERSION, (int)d->reason, d->next, d->inputs, (int)d->kind,
                        d->phone, d->phone ? salt : NULL);
  return err < 0 ? err : chain_put(s, launch ? CHAIN_DECISION : CHAIN_VERDICT, id, d->phone ? commit : NULL);
}
