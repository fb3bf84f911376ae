/* pauses.h — why agents pause: a campaign's own codes, else the box's, else the field's.
 * Thread: that of struct store. Source: records/pauses.c */
#ifndef CAMPAIGNS_PAUSES_H
#define CAMPAIGNS_PAUSES_H

#include <campaigns/store.h>

struct pause_reason {
  char code[8];
  char name[48];
};
/* campaign NULL: of the box. A code of that name is replaced. CAD_EINVAL (up to 7 capital letters and digits), CAD_ENOENT (campaign). */
int store_pause_put(struct store *s, const char *campaign, const struct pause_reason *p);
int store_pause_remove(struct store *s, const char *campaign, const char *code); /* CAD_ENOENT */
/* Those that hold for the campaign (NULL: the box's). row() < 0 stops and is returned. */
int store_pause_each(struct store *s, const char *campaign, int (*row)(void *arg, const struct pause_reason *p, bool own), void *arg);
/* CAD_OK or CAD_ENOENT. */
int store_pause_known(struct store *s, const char *campaign, const char *code);

#endif
