/* ua.h — the user agent: one nua stack, the orders of control in, its events out.
 *
 * Everything runs in one thread, the one that steps the root; Sofia's own threads
 * are off. nua does transactions, dialogs, forks, PRACK, session timers; the law of
 * whom to call and when to give up is control's. Owner: the SIP worker.
 * Sources: ua.c (stack, strangers), ua_orders.c (control's orders), ua_events.c (nua's events). */
#ifndef CADENCIA_SIP_UA_H
#define CADENCIA_SIP_UA_H

#include "dialer/sip/leg.h"
#include "dialer/sip/post.h"
#include "dialer/sip/registrar.h"
#include "dialer/sip/spec.h"
#include "dialer/sip/trunk.h"

struct ua_counters {
  uint64_t invited, refused, answered, ended, strangers, stale_events, forced, resumed, orphans, dialogs_untold, offers, offers_refused;
  uint32_t handles; /* of Sofia's, owned by us now */
};

/* Typedefs that Sofia's headers take as given for their callbacks' first arguments. */
#define SU_ROOT_MAGIC_T struct ua
#define NUA_MAGIC_T struct ua
#define NUA_HMAGIC_T void

/* Generations in tickets that no leg has. */
enum { UA_TICKET_TRUNK = 0x7ffffff1, UA_TICKET_PHONE = 0x7ffffff2 };

struct su_root_s;
struct nua_s;

struct ua {
  struct spec spec;
  struct su_root_s *root;
  struct nua_s *nua;
  struct leg_table *legs;
  struct trunk_table trunks;
  struct registrar registrar;
  struct post *post;
  bool closing; /* no new legs */
  bool shut;    /* nua said that it is down */
  bool resolver_watched;
  bool owes_legs, owes_trunks; /* some leg or trunk owes control a mail */
  uint32_t offers, offer_gen;  /* callers that control has not answered yet */
  uint64_t sdp_seed;
  struct ua_counters count;
};

/* root: created by the caller. CAD_OK, CAD_ENOMEM, CAD_ENET (the stack cannot listen). */
int ua_start(struct ua *ua, const struct spec *spec, struct post *post, struct su_root_s *root);
/* Ends the stack; every leg must be over. Steps the root for at most wait_ms. */
void ua_stop(struct ua *ua, int wait_ms);

/* control's orders (ua_orders.c) */
void ua_trunk(struct ua *ua, const struct mail_sip_trunk *mail);
void ua_trunk_setup(struct ua *ua, const struct wide_trunk *setup);
/* What of registrations, health and names is due; called ten times a second. */
void ua_trunks_tick(struct ua *ua, struct mono now);
void ua_trunks_close(struct ua *ua);
/* Phones that register (ua_register.c). */
void ua_account(struct ua *ua, const struct wide_account *account);
void ua_binding(struct ua *ua, const struct wide_binding *binding);
void ua_phones_tick(struct ua *ua, struct mono now);
void ua_phones_close(struct ua *ua);
void ua_invite(struct ua *ua, const struct mail_sip_invite *mail);
void ua_end(struct ua *ua, struct leg id, bool bye); /* SIP_CANCEL, SIP_BYE */
/* Callers (ua_offer.c). */
void ua_accept(struct ua *ua, const struct mail_sip_accept *mail);
void ua_reject(struct ua *ua, const struct mail_sip_reject *mail);
void ua_offer_over(struct ua *ua, struct leg_entry *leg);
void ua_offer_end(struct ua *ua, struct leg_entry *leg);
/* End every leg, whatever its state; new ones are refused from now on. */
void ua_close(struct ua *ua);
/* Ends this leg as its state wants it: BYE or CANCEL. */
void ua_leg_end(struct ua *ua, struct leg_entry *leg, bool bye);
/* Legs that should have ended long ago are given up; called every few seconds. */
void ua_sweep(struct ua *ua, struct mono now);

/* dialogs that outlive their worker (ua_dialog.c) */
struct sip_s;
struct ua_event;
void ua_resume(struct ua *ua, const struct wide_dialog *dialog);
void ua_orphan(struct ua *ua, const struct wide_dialog *dialog);

/* nua's events (ua_events.c) */
/* The last mail about this leg; its handle and slot are free afterwards. */
void ua_leg_over(struct ua *ua, struct leg_entry *leg);
/* Tell control what it is owed, once the pipe takes mail again. */
void ua_settle(struct ua *ua);
/* What we say of ourselves to this leg. */
struct offer_local ua_local(const struct ua *ua, const struct leg_entry *leg);

#endif
