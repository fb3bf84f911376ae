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
struct call *launch_one(struct control *k, uint32_t campaign, struct agent *asks); /* NULL: no contact, line or port */
/* The trunk for one call more; < 0: none, or nothing to begin it with. */
int launch_way(struct floor *f, const struct campaign *p);
/* Reserves everything the call needs. kept: the agent it is dialed for, NULL: nobody in particular. */
struct call *launch_lease(struct control *k, uint32_t campaign, int way, const struct lease *lease, struct agent *kept);
struct pacer_view launch_view(const struct control *k, const struct campaign *p);
/* The pacer's own lease of the contact, if it has one: an agent's has taken its place in the store. */
void launch_lease_forget(struct campaign *p, uint64_t case_id);
/* A call by hand that waits for its agent's phone (by_hand.c). */
void by_hand_held(struct control *k, struct agent *a);
/* The next lease that has not expired; false: none at hand. asks: who wants it for himself, NULL: the pacer does. */
bool launch_lease_take(struct floor *f, uint32_t campaign, struct agent *asks, struct lease *out, struct agent **owner);
/* May an agent order a call of this campaign now? (by_hand.c) */
int by_hand_may(struct control *k, struct campaign *p);

/* preview.c: contacts on agents' screens */
/* Shows each idle agent the next contact, and dials what was shown for the campaign's time; when to look again. */
int64_t preview_pace(struct control *k, uint32_t campaign);
/* Dials what the agent is shown, or the next contact. case_id: the one he means, 0: whichever. */
int preview_accept(struct control *k, struct agent *a, uint64_t case_id);
int preview_skip(struct control *k, struct agent *a, uint64_t case_id, enum skip_reason reason);
void preview_drop_all(struct floor *f, uint64_t phone); /* of this number; 0: all */
/* Somebody calls it by hand: the lease is his, and on no screen any more. */
void preview_forget(struct floor *f, uint64_t case_id);
/* The agent calls this contact. CAD_EBUSY: his phone is rung first, then it is dialed; else < 0: the lease went back. */
int launch_by_hand(struct control *k, struct agent *a, const struct lease *lease);
void launch_want_leases(struct control *k, uint32_t campaign);
void launch_drop_number(struct control *k, uint64_t phone);
uint32_t campaign_find(const struct floor *f, uint64_t id); /* NOBODY: unknown */

#endif
