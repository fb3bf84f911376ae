/* alert.h — the alerts of the live picture: what a person should look at, the newest first.
 *
 * Thread: whoever owns the picture. Source: alert.c */
#ifndef CADENCIA_ALERT_H
#define CADENCIA_ALERT_H

#include "dialer/base/live.h"

enum alert_kind {
  ALERT_WORKER_DIED = 0, /* who: the SIP worker; what: where its last packet came from */
  ALERT_WORKER_CARRIER,  /* the same, and that is a carrier's */
  ALERT_SOURCE_BLOCKED,  /* the same, again: what is not heard for a while */
  ALERT_WORKER_LOOPS,    /* who: the SIP worker */
  ALERT_DISK,            /* who: the folder; what: the error */
  ALERT_DISK_AGAIN,      /* who: the folder */
  ALERT_KIND_COUNT
};
/* The same alert is counted, not repeated. */
void alert_raise(struct live_alert *alerts, uint32_t *count, struct wall at, enum alert_kind kind, const char *who, const char *what);
/* A folder that cannot be written is told once, and when it can again; told: the caller's memory of it. Returns whether something was told.
 */
bool alert_store(struct live_alert *alerts, uint32_t *count, bool *told, const char *folder, const struct mail_store_trouble *t);
/* A line for people. Returns out. */
const char *alert_words(const struct live_alert *a, bool spanish, char out[LIVE_ALERT_TEXT]);

#endif
