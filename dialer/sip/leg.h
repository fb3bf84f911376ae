/* leg.h — the worker's table of legs: one INVITE dialog each, found by control's name
 * (role, slot, generation) or by the ticket that Sofia carries for us.
 *
 * A ticket is index and generation of the table's own slot, never a pointer: an
 * event for a leg that ended finds nothing. Owner: the SIP worker. Source: leg.c */
#ifndef CADENCIA_SIP_LEG_H
#define CADENCIA_SIP_LEG_H

#include "dialer/base/mail.h"
#include "dialer/base/wide.h"
#include "dialer/sip/kept.h"
#include "dialer/sip/offer.h"

struct nua_handle_s;

enum leg_state {
  LEG_FREE = 0,
  LEG_CALLING,  /* INVITE sent, nothing but 100 came */
  LEG_RINGING,  /* a 1xx above 100 came */
  LEG_ANSWERED, /* 2xx came, ACK sent */
};

/* What control is owed while the pipe to it is full. */
enum { LEG_OWES_PROGRESS = 1, LEG_OWES_MEDIA = 2 };

/* Of a caller's leg: his offer until we answer it, and the route back (malloc'ed; leg_remove frees both). */
struct leg_caller {
  char *sdp;
  size_t bytes;
  char route[WIDE_ROUTE];
};

struct leg_entry {
  struct leg id;          /* control's name of it */
  uint32_t index, gen;    /* its own slot here */
  struct leg_entry *next; /* in its hash chain, or in the free list */
  struct nua_handle_s *nh;
  uint8_t state;   /* enum leg_state */
  bool heard;      /* some reply came: no longer counted by the trunk's breaker */
  bool cancelled;  /* CANCEL was asked for */
  bool bye_wanted; /* end it whatever happens: an answer that crosses is ended too */
  bool bye_sent;
  bool far_ended; /* the far side sent BYE */
  bool final;     /* the INVITE failed; `last` says how */
  bool tried_password;
  bool incoming;              /* the far side called us */
  bool accepted;              /* our 200 went out */
  struct leg_caller *caller;  /* NULL: we called */
  bool resuming;              /* taken up from a worker that died; the re-INVITE is on its way */
  bool bare;                  /* no dialog of the stack behind it: only `dialog` below, to end it by */
  uint8_t noted;              /* enum dialog_state: what the loop was told of its dialog */
  uint8_t cancels;            /* orphan that rings: CANCELs sent */
  struct mono again;          /* MONO_NONE, or when to try the re-INVITE once more */
  struct kept_dialog *dialog; /* as taken up or answered; NULL: not yet */
  char uri[WIDE_URI];         /* request URI of our INVITE */
  uint8_t refusal;            /* enum cause of our own refusal of its media, CAUSE_NONE */
  uint8_t owes;
  uint8_t hints;         /* enum sip_hint bits of its replies so far */
  uint16_t trunk;        /* LEG_CALL */
  struct mono end_asked; /* when we began to end it, MONO_NONE */
  uint16_t said_status;  /* last SIP_PROGRESS told to control */
  uint16_t media_port;
  uint8_t codecs[2], codec_count;
  uint32_t sdp_version;
  uint64_t sdp_id;
  struct early_media early;
  struct media_desc desc;     /* the far side's, as told to control last; family 0: none */
  struct mail_sip_event last; /* of a final reply: status, cause, q850, retry_after */
};

struct leg_table;
/* legs_max: bound. NULL: no memory. */
struct leg_table *leg_table_create(uint32_t legs_max);
struct leg_table *leg_table_destroy(struct leg_table *table);

/* A new leg, zeroed but for its names; NULL when the table is full. */
struct leg_entry *leg_add(struct leg_table *table, struct leg id);
/* Its name from now on; nobody else may have it. */
void leg_rename(struct leg_table *table, struct leg_entry *leg, struct leg id);
void leg_remove(struct leg_table *table, struct leg_entry *leg);
struct leg_entry *leg_find(struct leg_table *table, struct leg id);
uint32_t leg_count(const struct leg_table *table);
/* The living leg at or after *cursor; moves it on; NULL: no more. Start with 0. */
struct leg_entry *leg_each(struct leg_table *table, uint32_t *cursor);

void *leg_ticket(const struct leg_entry *leg);
struct leg_entry *leg_of_ticket(struct leg_table *table, const void *ticket);

#endif
