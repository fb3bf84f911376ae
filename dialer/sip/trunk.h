/* trunk.h — the trunks that control told this worker about, and their breaker.
 *
 * A dead peer costs most while nothing answers: the stack walks its list of
 * retransmissions. So INVITEs without any reply are counted; when there are many and
 * the peer has been silent for a while (a 100 is not told to us, so a slow network
 * alone must not count as death), or when there are far too many, new ones are
 * refused until the peer speaks or half of them are gone.
 * Owner: the SIP worker. Source: trunk.c */
#ifndef CADENCIA_SIP_TRUNK_H
#define CADENCIA_SIP_TRUNK_H

#include "dialer/base/wide.h"

enum { TRUNKS_MAX = 16, TRUNK_TARGET_MAX = 96, TRUNK_HARD_TIMES = 10, TRUNK_SILENT_ASKS = 2 };
struct nua_handle_s;

struct trunk {
  bool known;        /* control defined it */
  bool usable;       /* its proxy is an address that we may call */
  bool open;         /* the breaker is open: refuse */
  bool tells_health; /* it has answered OPTIONS before */
  bool reported;     /* what control was told last: */
  uint8_t reported_state;
  uint16_t reported_status, status; /* status: the SIP status that speaks of it */
  struct wide_trunk setup;
  char host[64]; /* of the proxy: a name or an address */
  uint16_t port; /* 0: none said */
  char transport[8];
  bool named;                     /* host is a name: target comes from the resolver */
  bool asked;                     /* an answer of the resolver is on its way */
  bool unknown;                   /* the resolver found nothing */
  struct mono resolve_at;         /* ask again then */
  struct nua_handle_s *reg, *opt; /* REGISTER and OPTIONS under way or kept */
  bool registered, refused, unregistered, tried_password, certificate;
  struct mono register_at, options_at;    /* MONO_NONE: not now */
  uint32_t register_failures, unanswered; /* OPTIONS without an answer, in a row */
  char target[TRUNK_TARGET_MAX];          /* "192.0.2.1:5060;transport=udp" */
  uint8_t codecs[2], codec_count;
  uint32_t waiting;        /* INVITEs without any reply */
  struct mono quiet_since; /* the last reply of any kind, or the first INVITE after a rest */
};
struct trunk_table {
  struct trunk items[TRUNKS_MAX];
  uint32_t breaker;    /* INVITEs without reply before a silent peer counts as dead; ten times as many whatever it says */
  uint32_t breaker_ms; /* silence that it takes */
  bool loopback;       /* only loopback peers are usable */
  uint8_t family;      /* of the listener: 4 or 6; 0: any */
};

/* CAD_OK; CAD_EINVAL: no such index or a proxy that is not a numeric SIP URI;
 * CAD_EREFUSED: not a loopback address, or not of the listener's family. A replaced trunk keeps its count. */
int trunk_define(struct trunk_table *table, const struct mail_sip_trunk *mail);
/* The same with an account; a change of it starts registration anew. */
int trunk_setup(struct trunk_table *table, const struct wide_trunk *setup);
enum trunk_state trunk_state(const struct trunk *trunk);
/* The address found for its name. CAD_OK, CAD_EREFUSED (not of our family, not loopback), CAD_EFULL. */
int trunk_found(struct trunk_table *table, struct trunk *trunk, const char *address, uint16_t port);
/* NULL when it is not defined. */
struct trunk *trunk_find(struct trunk_table *table, uint16_t index);

/* May another INVITE go out? */
bool trunk_admits(const struct trunk *trunk);
void trunk_sent(struct trunk_table *table, struct trunk *trunk, struct mono now);   /* an INVITE went out */
void trunk_alive(struct trunk_table *table, struct trunk *trunk, struct mono now);  /* the peer sent something */
void trunk_probed(struct trunk_table *table, struct trunk *trunk, struct mono now); /* it answered OPTIONS: the breaker closes */
void trunk_settled(struct trunk_table *table, struct trunk *trunk);                 /* an INVITE got its first reply, or ended without */

/* "host:port;params" of a SIP URI with a numeric host ("localhost" counts as 127.0.0.1),
 * user part dropped unless user_out is given. CAD_OK, CAD_EINVAL, CAD_EREFUSED, CAD_EFULL. */
int trunk_target(const struct trunk_table *table, const char *uri, char *user_out, unsigned user_size, char *out, unsigned size);

#endif
