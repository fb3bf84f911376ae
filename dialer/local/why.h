/* why.h — what the why commands share: words in two languages, moments. Thread: any. Source: why_words.c */
#ifndef CADENCIA_LOCAL_WHY_H
#define CADENCIA_LOCAL_WHY_H

#include "dialer/local/command.h"
#include <campaigns/compliance.h>

/* --lang es. */
static inline bool why_spanish(const struct command_call *c) {
  const char *lang = call_option(c, OPT_LANG);
  return lang && lang[0] == 'e' && lang[1] == 's';
}
/* The refusal for people; es: in Spanish. Never NULL. */
const char *why_refusal(enum refusal r, bool es);
/* "2026-12-01T18:30", "...Z", "...+01:00"; EXIT_GOOD or a refusal. Without the option: WALL_NONE. */
int why_at(struct command_call *c, struct wall *out);
/* "2026-12-01 18:30 (America/New_York, +1 more)" in the first zone of the place; "-" when unset. */
void why_time(const struct law *law, const struct law_place *place, struct wall t, char *out, size_t size);

#endif
