/* log.h — one line per event, to standard error, the journal or a file.
 *
 * Lines: "2026-11-21T20:34:05.123Z level room text". log_line formats into the
 * caller's ring and a log thread writes, so a slow disk stops nobody; before
 * log_start and in children lines are written directly. A full ring drops the line
 * and counts it. Numbers are masked by log_phone. Never called on the 20 ms beat.
 * Thread: any. Source: log.c */
#ifndef CADENCIA_LOG_H
#define CADENCIA_LOG_H

#include <stdint.h>

enum log_level { LOG_DEBUG_ = 0, LOG_INFO_, LOG_WARN_, LOG_ERROR_ };

/* path NULL: standard error. Returns CAD_OK or CAD_EIO. */
int log_start(const char *path, enum log_level least);
void log_stop(void);
void log_set_level(enum log_level least);
void log_line(enum log_level level, const char *room, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "+1202555****": all but the last four digits. Returns out. */
const char *log_phone(uint64_t phone, char out[24]);

#define log_debug(room, ...) log_line(LOG_DEBUG_, room, __VA_ARGS__)
#define log_info(room, ...) log_line(LOG_INFO_, room, __VA_ARGS__)
#define log_warn(room, ...) log_line(LOG_WARN_, room, __VA_ARGS__)
#define log_error(room, ...) log_line(LOG_ERROR_, room, __VA_ARGS__)

#endif
