/* inside.h — what the files of control share. */
#ifndef CONTROL_INSIDE_H
#define CONTROL_INSIDE_H

#include "dialer/control/control.h"
#include "dialer/floor/floor.h"

struct control {
  struct floor floor;
  struct control_options options;
  struct pacer_second seconds[FLOOR_CAMPAIGNS_MAX]; /* the last whole one of each pacer */
};

void from_sip(struct control *k, const struct mail *m);
void from_media(struct control *k, const struct mail *m);
void from_store(struct control *k, const struct mail *m);
void from_console(struct control *k, const struct mail *m);

/* launch.c: leases, trunks, pacers */
void launch_campaign_set(struct control *k, const struct mail_store_campaign *def);
void launch_windows_set(struct control *k, const struct mail_store_windows *w);
void launch_pace(struct control *k, uint32_t campaign);
int launch_for_agent(struct control *k, struct agent *a); /* preview */
void launch_want_leases(struct control *k, uint32_t campaign);
void launch_drop_number(struct control *k, uint64_t phone);
uint32_t campaign_find(const struct floor *f, uint64_t id); /* NOBODY: unknown */

#endif
