#include "dialer/sip/cause.h"
#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Finds needle at the start of a word, whatever the case. Texts are short: Sofia
 * bounds a header by the datagram. */
static bool has_word(const char *text, const char *needle) {
  size_t n = strlen(needle);
  for (const char *p = text; p && *p; p++)
    if ((p == text || !isalnum((unsigned char)p[-1])) && strncasecmp(p, needle, n) == 0) return true;
  return false;
}

bool cause_is_603_plus(const char *phrase, const char *reason_text) {
  return has_word(phrase, "network blocked") || has_word(reason_text, "v=analytics");
}

/* Q.850 values that speak of the network or of the number more clearly than a vague
 * status does. CAUSE_NONE: the value adds nothing. */
static enum cause cause_of_q850(uint16_t q850) {
  switch (q850) {
  case 1:                               /* unallocated number */
  case 2:                               /* no route to transit network */
  case 3:                               /* no route to destination */
  case 22:                              /* number changed */
  case 28: return CAUSE_INVALID_NUMBER; /* invalid number format */
  case 17: return CAUSE_BUSY;
  case 18:                         /* no user responding */
  case 19:                         /* no answer from user */
  case 20: return CAUSE_NO_ANSWER; /* subscriber absent */
  case 21: return CAUSE_REJECTED;
  case 34: /* no circuit */
  case 38: /* network out of order */
  case 41: /* temporary failure */
  case 42: /* switching equipment congestion */
  case 43:
  case 44: /* requested channel not available */
  case 47: /* resource unavailable */
  case 49:
  case 58: return CAUSE_CONGESTION;
  default: return CAUSE_NONE;
  }
}

static enum cause cause_of_4xx(const struct cause_facts *f) {
  enum cause said = cause_of_q850(f->q850);
  switch (f->status) {
  case 401:
  case 403:
  case 407: return CAUSE_AUTH;
  case 404:
  case 410:
  case 484:
  case 485: return CAUSE_INVALID_NUMBER;
  case 408: return f->ringing || said == CAUSE_NO_ANSWER ? CAUSE_NO_ANSWER : CAUSE_TIMEOUT;
  case 415:
  case 488: return CAUSE_MEDIA;
  case 480: return said == CAUSE_NONE || said == CAUSE_REJECTED ? CAUSE_NO_ANSWER : said;
  case 486: return CAUSE_BUSY;
  default: return said == CAUSE_NONE ? CAUSE_CLIENT : said;
  }
}

static enum cause cause_of_5xx(const struct cause_facts *f) {
  enum cause said = cause_of_q850(f->q850);
  if (said != CAUSE_NONE) return said;
  return f->status == 503 ? CAUSE_CONGESTION : CAUSE_SERVER;
}

static enum cause cause_of_6xx(const struct cause_facts *f) {
  switch (f->status) {
  case 600: return CAUSE_BUSY;
  case 603: return cause_is_603_plus(f->phrase, f->reason_text) ? CAUSE_BLOCKED : CAUSE_REJECTED;
  case 604: return CAUSE_INVALID_NUMBER;
  case 606: return CAUSE_MEDIA;
  case 607: return CAUSE_UNWANTED;
  case 608: return CAUSE_BLOCKED;
  default: return CAUSE_CLIENT;
  }
}

enum cause cause_of_reply(const struct cause_facts *f) {
  /* After our CANCEL the far side's 487 is our own doing; so is the silence of a peer
   * that had spoken before. A peer that never spoke timed out, and a real answer that
   * crossed our CANCEL keeps its own meaning. */
  if (f->cancelled && (f->status == 487 || f->status == 0)) return CAUSE_CANCELLED;
  if (f->cancelled && f->status == 408) return f->provisional ? CAUSE_CANCELLED : CAUSE_TIMEOUT;
  if (f->status >= 900 || f->status < 300) return CAUSE_LOCAL;
  if (f->status < 400) return CAUSE_REDIRECTED;
  if (f->status < 500) return cause_of_4xx(f);
  if (f->status < 600) return cause_of_5xx(f);
  if (f->status < 700) return cause_of_6xx(f);
  return CAUSE_CLIENT;
}
