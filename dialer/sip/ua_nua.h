/* ua_nua.h — Sofia's headers with our argument types; only ua*.c and sip_worker.c read it. */
#ifndef CADENCIA_SIP_UA_NUA_H
#define CADENCIA_SIP_UA_NUA_H

#include "dialer/sip/ua.h"
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/nua.h>
#include <sofia-sip/nua_tag.h>
#include <sofia-sip/sip_extra.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport_tag.h>

/* An event of a living leg. status and phrase as nua gives them; sip may be NULL. */
struct ua_event {
  nua_event_t kind;
  int status;
  const char *phrase;
  nua_handle_t *nh;
  const sip_t *sip;
  tagi_t *tags;
};
void ua_leg_event(struct ua *ua, struct leg_entry *leg, const struct ua_event *event);

/* ua_offer.c: an INVITE that belongs to no dialog; false: not from a trunk, nobody's business. */
bool ua_offer(struct ua *ua, const struct ua_event *event);
void ua_offer_acked(struct ua *ua, struct leg_entry *leg, const struct ua_event *event);

/* ua_register.c */
void ua_register_event(struct ua *ua, const struct ua_event *event);
bool ua_phone_event(struct ua *ua, const void *ticket, const struct ua_event *event);
void ua_phone_way(const struct ua *ua, const struct binding *binding, char proxy[WIDE_URI]);

/* ua_trunk.c */
bool ua_trunk_event(struct ua *ua, const void *ticket, const struct ua_event *event);       /* false: no ticket of a trunk */
bool ua_trunk_password(struct ua *ua, struct leg_entry *leg, const struct ua_event *event); /* true: the INVITE is sent again with it */
const char *ua_trunk_domain(const struct trunk *trunk);
void ua_trunk_route(const struct trunk *trunk, char *out, size_t size);

/* The Route of our requests to whoever sent this request. */
bool ua_dialog_route(const sip_t *sip, char *out, size_t size);
/* ua_dialog.c: the loop is told of a dialog; a leg that was taken up; one that is only to be ended. */
void ua_dialog_note(struct ua *ua, struct leg_entry *leg, const sip_t *sip, enum dialog_state state);
bool ua_resume_reply(struct ua *ua, struct leg_entry *leg, const struct ua_event *event); /* true: nothing more is to be done */
void ua_resume_again(struct ua *ua, struct leg_entry *leg, struct mono now);
void ua_bare_bye(struct ua *ua, struct leg_entry *leg);
/* A later request of ours was answered: its number is kept, so that whoever comes after us counts on from there. */
void ua_dialog_refreshed(struct ua *ua, struct leg_entry *leg, const sip_t *sip);
/* The stack gave an answered call up without a BYE (a refresh failed): it is sent by hand, and the leg ends with its reply. false: it need
 * not be. */
bool ua_dialog_dropped(struct ua *ua, struct leg_entry *leg);
void ua_bare_reply(struct ua *ua, struct leg_entry *leg, const struct ua_event *event);
void ua_orphan_again(struct ua *ua, struct leg_entry *leg);

#endif
