/* alert.h — the alerts of the live picture: what a person should look at, the newest first.
 *
 * Owner: the control thread. Source: alert.c */
#ifndef CADENCIA_ALERT_H
#define CADENCIA_ALERT_H

#include "dialer/base/live.h"
#include "dialer/base/mail.h"

/* The same text is counted, not repeated. */
void alert_raise(struct live_alert *alerts, uint32_t *count, struct wall at, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* A folder that cannot be written is told once, and when it can again; told: the caller's memory of it. */
void alert_store(struct live_alert *alerts, uint32_t *count, bool *told, const char *folder, const struct mail_store_trouble *t);

#endif
