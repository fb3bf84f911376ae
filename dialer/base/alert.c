#include "dialer/base/alert.h"
#include "dialer/base/clock.h"
#include <cadencia/err.h>
#include <stdio.h>
#include <string.h>

enum { TROUBLE_TOLD_MS = 1000 }; /* between two tries of the store: a commit that fails once is its own affair */

/* What does not fit is cut between two characters. */
static void put(char out[64], const char *text) {
  size_t n = (size_t)snprintf(out, 64, "%s", text);
  if (n < 64) return;
  for (n = 63; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--) {
  }
  out[n] = 0;
}

void alert_raise(struct live_alert *alerts, uint32_t *count, struct wall at, enum alert_kind kind, const char *who, const char *what) {
  struct live_alert a = {.at = at, .times = 1, .kind = (uint8_t)kind};
  put(a.who, who);
  put(a.what, what);
  uint32_t i = 0;
  while (i < *count && (alerts[i].kind != a.kind || strcmp(alerts[i].who, a.who) != 0 || strcmp(alerts[i].what, a.what) != 0)) i++;
  if (i < *count)
    a.times = alerts[i].times + 1;
  else if (*count < LIVE_ALERTS_MAX)
    (*count)++;
  else
    i = LIVE_ALERTS_MAX - 1;
  memmove(&alerts[1], &alerts[0], i * sizeof alerts[0]);
  alerts[0] = a;
}

bool alert_store(struct live_alert *alerts, uint32_t *count, bool *told, const char *folder, const struct mail_store_trouble *t) {
  const bool trouble = t->err < 0;
  if (trouble == *told || (trouble && t->rest_ms < TROUBLE_TOLD_MS)) return false;
  *told = trouble;
  alert_raise(alerts, count, clock_wall(), trouble ? ALERT_DISK : ALERT_DISK_AGAIN, folder, trouble ? err_name(t->err) : "");
  return true;
}

const char *alert_words(const struct live_alert *a, bool spanish, char out[LIVE_ALERT_TEXT]) {
  static const char *const words[ALERT_KIND_COUNT][2][3] = {
      /* before who, before what, after it */
      [ALERT_WORKER_DIED] = {{"SIP worker ", " died; the last packet came from ", ""},
                             {"el proceso SIP ", " cayó; el último paquete vino de ", ""}},
      [ALERT_WORKER_CARRIER] = {{"SIP worker ", " died; the last packet came from ", ", a carrier: it is not blocked, tell it"},
                                {"el proceso SIP ", " cayó; el último paquete vino de ", ", un operador: no se bloquea, avísele"}},
      [ALERT_SOURCE_BLOCKED] = {{"SIP worker ", " died twice after packets from ", ", which is not heard for 10 minutes"},
                                {"el proceso SIP ", " cayó dos veces tras paquetes de ", ", al que no se escucha durante 10 minutos"}},
      [ALERT_WORKER_LOOPS] = {{"SIP worker ", " dies again and again; it is started ever more rarely", ""},
                              {"el proceso SIP ", " cae una y otra vez; se arranca cada vez más tarde", ""}},
      [ALERT_DISK] = {{"", " cannot be written (", "): nobody is dialed until it can; see cadencia doctor"},
                      {"no se puede escribir en ", " (", "): no se llama a nadie hasta que se pueda; vea cadencia doctor"}},
      [ALERT_DISK_AGAIN] = {{"", " can be written again: dialing goes on", ""}, {"ya se puede escribir en ", ": se vuelve a llamar", ""}}};
  out[0] = 0;
  if (a->kind >= ALERT_KIND_COUNT) return out;
  const char *const *w = words[a->kind][spanish];
  snprintf(out, LIVE_ALERT_TEXT, "%s%.*s%s%.*s%s", w[0], (int)sizeof a->who - 1, a->who, w[1], (int)sizeof a->what - 1, a->what, w[2]);
  return out;
}
