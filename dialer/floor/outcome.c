/* From cause, verdict and stamps to the words of the call log. Pure. */
#include "dialer/floor/floor.h"
#include <campaigns/law.h>

enum outcome outcome_of_cause(enum cause cause, bool gave_up) {
  switch (cause) {
  case CAUSE_BUSY:
  case CAUSE_IN_BAND_BUSY: return OUTCOME_BUSY;
  case CAUSE_NO_ANSWER: return OUTCOME_NO_ANSWER;
  case CAUSE_CANCELLED: return gave_up ? OUTCOME_NO_ANSWER : OUTCOME_CANCELLED;
  case CAUSE_REJECTED: return OUTCOME_REJECTED;
  case CAUSE_UNWANTED: return OUTCOME_UNWANTED;
  case CAUSE_BLOCKED: return OUTCOME_BLOCKED;
  case CAUSE_INVALID_NUMBER:
  case CAUSE_IN_BAND_SIT: return OUTCOME_INVALID_NUMBER;
  case CAUSE_CONGESTION: return OUTCOME_CONGESTION;
  case CAUSE_WORKER_LOST: return OUTCOME_INTERRUPTED;
  default: return OUTCOME_FAILED;
  }
}

enum outcome outcome_of_verdict(enum verdict v) {
  switch (v) {
  case VERDICT_MACHINE: return OUTCOME_MACHINE;
  case VERDICT_SCREENING: return OUTCOME_SCREENING;
  case VERDICT_FAX: return OUTCOME_FAX;
  case VERDICT_DEAD_AIR: return OUTCOME_DEAD_AIR;
  case VERDICT_BUSY_TONE: return OUTCOME_BUSY;
  case VERDICT_SIT: return OUTCOME_INVALID_NUMBER;
  default: return OUTCOME_NONE; /* a person, or nobody knows */
  }
}

/* A special information tone of the class "no circuit" is about the network, not the number. */
static enum outcome outcome_of_heard(enum verdict v, enum verdict_reason reason) {
  return v == VERDICT_SIT && reason == REASON_SIT_NO_CIRCUIT ? OUTCOME_CONGESTION : outcome_of_verdict(v);
}

void outcome_classify(const struct floor *f, const struct call *c, struct mail_store_close *rec) {
  if (c->answered.ms == 0) {
    enum outcome o = outcome_of_heard(c->verdict, c->reason); /* a tone in early media */
    rec->outcome = (uint8_t)(o != OUTCOME_NONE ? o : outcome_of_cause(c->cause, c->gave_up));
    return;
  }
  /* Hung up before anything could be said of him: the law counts a person when in doubt. */
  enum verdict v = c->verdict == VERDICT_NONE ? VERDICT_PERSON : c->verdict;
  struct abandon_facts facts = {.verdict = v,
                                .answered = rec->answered,
                                .greeting_end = rec->greeting_end,
                                .bridged = rec->bridged,
                                .ended = rec->ended,
                                .max_wait_ms = f->campaigns[c->campaign].terms.max_wait_ms,
                                .ended_by = c->ended_by,
                                .message_played = c->message_begun};
  switch (abandon_classify(&facts)) {
  case ABANDON_SERVED: rec->outcome = OUTCOME_CONNECTED; break;
  case ABANDON_ABANDONED:
    rec->abandoned = 1;
    rec->outcome = OUTCOME_ABANDONED;
    break;
  case ABANDON_EARLY_HANGUP:
    rec->early_hangup = 1;
    rec->outcome = OUTCOME_EARLY_HANGUP;
    break;
  case ABANDON_NOT_LIVE:
    rec->outcome = (uint8_t)(c->leaving == LEAVING_DONE ? OUTCOME_MESSAGE_LEFT : outcome_of_heard(v, c->reason));
    break;
  }
  /* Cut off by ourselves before an agent came: the box's own failure, not the caller's choice. */
  if (c->cause == CAUSE_WORKER_LOST && rec->bridged.ms == 0 && !c->message_begun) rec->outcome = OUTCOME_INTERRUPTED;
}
