#include "dialer/sip/hint.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LOOK_BYTES = 1024 };

uint8_t hint_of_status(uint16_t status) { return status == 181 ? HINT_FORWARDED : 0; }

/* Which of them say that the one called was not reached, and which only that another one is rung (RFC 4458, RFC 7544). */
uint8_t hint_of_reason(unsigned long cause) {
  switch (cause) {
  case 404: /* unknown there: the mailbox of its group */
  case 408: /* no reply */
  case 480: /* not reachable */
  case 486: /* busy */
  case 487: /* deflected while it rang */
  case 503: return HINT_FORWARDED | HINT_UNREACHED;
  case 302: return HINT_FORWARDED;
  default: return 0;
  }
}

/* Finds word within the first LOOK_BYTES, whatever the case; NULL: not there. */
static const char *find(const char *text, const char *word) {
  const size_t n = strlen(word);
  for (int i = 0; i < LOOK_BYTES && text[i]; i++)
    if (strncasecmp(text + i, word, n) == 0) return text + i + n;
  return NULL;
}

static uint8_t of_diversion(const char *value) {
  static const char *const UNREACHED[] = {"no-answer", "user-busy", "unavailable", "out-of-service", "away", "do-not-disturb"};
  uint8_t hints = HINT_FORWARDED;
  for (const char *p = value; (p = find(p, "reason=")) != NULL;) {
    const char *word = *p == '"' ? p + 1 : p;
    for (size_t i = 0; i < sizeof UNREACHED / sizeof UNREACHED[0]; i++) {
      const size_t n = strlen(UNREACHED[i]);
      if (strncasecmp(word, UNREACHED[i], n) == 0 && !isalnum((unsigned char)word[n]) && word[n] != '-') hints |= HINT_UNREACHED;
    }
  }
  return hints;
}

/* One entry is our own call; what was forwarded has a cause in its URI, or the reason escaped in the one before. */
static uint8_t of_history(const char *value) {
  static const char *const MARKS[] = {";cause=", "cause%3D"};
  uint8_t hints = 0;
  for (size_t i = 0; i < sizeof MARKS / sizeof MARKS[0]; i++)
    for (const char *p = value; (p = find(p, MARKS[i])) != NULL;) hints |= hint_of_reason(strtoul(p, NULL, 10));
  return hints;
}

uint8_t hint_of_header(const char *name, const char *value) {
  if (!name || !value) return 0;
  if (strcasecmp(name, "Diversion") == 0) return of_diversion(value);
  if (strcasecmp(name, "History-Info") == 0) return of_history(value);
  return 0;
}
