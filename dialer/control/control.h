/* control.h — the floor's brain: mail in, mail out. Pure: reads no clock, file or socket.
 *
 * The loop (daemon.c, or dialer/sim in virtual time) hands it every mail, calls
 * control_step with none when control_deadline is due, and carries the outbox to the
 * spokes. Owner: the control thread. Source: control.c, from_*.c, orders.c */
#ifndef CADENCIA_CONTROL_H
#define CADENCIA_CONTROL_H

#include "dialer/base/live.h"
#include "dialer/base/mail.h"
#include "dialer/base/outbox.h"

struct control;
struct pacer_view;
struct pacer_orders;
enum { CONTROL_TRUNKS_MAX = 16 };
struct control_trunk {
  uint16_t listener; /* which SIP worker carries it */
  uint32_t channels, calls_per_s;
  uint16_t group;            /* trunks of the same group stand in for each other; 0: alone */
  uint32_t priority, weight; /* 0: 1 */
};
struct control_options {
  uint32_t calls_max, agents_max;
  uint16_t box;
  uint32_t drain_ms;
  uint64_t seed;
  uint64_t last_id; /* the highest id ever given on this box, 0: none; ours come after it */
  unsigned trunk_count;
  struct control_trunk trunks[CONTROL_TRUNKS_MAX];
  struct wall started;
  /* Simulation: another rule in the pacer's place. It finds the pacer's orders and may replace them; NULL: none. */
  void (*judge)(void *arg, uint64_t campaign_id, const struct pacer_view *view, struct pacer_orders *orders);
  void *judge_arg;
};
struct control *control_create(const struct control_options *opt);
struct control *control_destroy(struct control *c);

/* The outbox must have room for this many mails at every step (the worst one: a SIP worker is lost). */
unsigned control_outbox_capacity(const struct control *c);

/* in NULL: only time has passed. */
void control_step(struct control *c, struct now now, const struct mail *in, struct outbox *out);
/* When to step again at the latest, MONO_NONE: no deadline. */
struct mono control_deadline(const struct control *c);
void control_live(const struct control *c, struct now now, struct live *out);
/* What an agent does now; enum agent_state, CAD_ENOENT: unknown. */
int control_agent(const struct control *c, uint64_t agent_id);
/* Draining, every call is closed and every talk has its disposition. */
bool control_drained(const struct control *c);
/* Grows with each change of an agent's state: a new picture is wanted. */
uint64_t control_agent_moves(const struct control *c);
/* Spoke cannot take mail now (full mailbox): launches stop until it can. */
void control_pressure(struct control *c, bool full);
/* Does the floor still want this answered leg? Asked when its SIP worker died: if not, the dialog is ended. */
bool control_keeps_leg(const struct control *c, struct leg leg);
/* Checks its own invariants (tests, simulation): NULL or the text of the first one broken. */
const char *control_check(const struct control *c);

#endif
