#include "dialer/alert.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include <cadencia/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TROUBLE_TOLD_MS = 1000 }; /* between two tries of the store: a commit that fails once is its own affair */

void alert_raise(struct live_alert *alerts, uint32_t *count, struct wall at, const char *fmt, ...) {
  char text[LIVE_ALERT_TEXT];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  uint32_t i = 0, times = 1;
  while (i < *count && strcmp(alerts[i].text, text) != 0) i++;
  if (i < *count)
    times = alerts[i].times + 1;
  else if (*count < LIVE_ALERTS_MAX)
    (*count)++;
  else
    i = LIVE_ALERTS_MAX - 1;
  memmove(&alerts[1], &alerts[0], i * sizeof alerts[0]);
  alerts[0] = (struct live_alert){.at = at, .times = times};
  memcpy(alerts[0].text, text, sizeof text);
}

void alert_store(struct live_alert *alerts, uint32_t *count, bool *told, const char *folder, const struct mail_store_trouble *t) {
  if (t->err < 0 && t->rest_ms >= TROUBLE_TOLD_MS && !*told) {
    *told = true;
    alert_raise(alerts, count, clock_wall(), "%.60s cannot be written (%s): nobody is dialed until it can; see cadencia doctor", folder,
                err_name(t->err));
  } else if (t->err >= 0 && *told) {
    *told = false;
    alert_raise(alerts, count, clock_wall(), "%.60s can be written again: dialing goes on", folder);
    log_info("daemon", "%s", alerts[0].text);
  }
}
