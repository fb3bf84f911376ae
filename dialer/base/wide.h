/* wide.h — mail between the control loop and a SIP worker that is too wide for struct mail: dialogs, trunks with
 * their accounts, phones and where they are. It crosses the same pipe, told apart by its kind; it never enters a
 * mailbox nor the pure floor. The loop keeps what a new worker needs (handover.h) and gives it back.
 * Thread: any. Source: wide.c */
#ifndef CADENCIA_WIDE_H
#define CADENCIA_WIDE_H

#include "dialer/base/mail.h"
#include <stddef.h>

enum { WIDE_NAME = 64, WIDE_URI = 176, WIDE_ROUTE = 352, WIDE_SECRET = 72, WIDE_PATH = 256 };

enum dialog_state { DIALOG_NONE = 0, DIALOG_EARLY, DIALOG_CONFIRMED };

/* SIP_DIALOG (worker -> loop: keep this), SIP_RESUME (loop -> worker: go on with it), SIP_ORPHAN (end it).
 * Everything RFC 3261 §12 calls the state of a dialog, and what our next SDP must agree with. */
struct wide_dialog {
  struct leg leg;
  uint8_t state;    /* enum dialog_state */
  uint8_t incoming; /* the far side called us */
  uint8_t codecs[2], codec_count;
  uint16_t trunk, media_port;
  uint32_t cseq; /* the highest of ours that is known */
  uint32_t sdp_version;
  uint64_t sdp_id;
  struct media_desc desc;
  char call_id[128];
  char local[WIDE_URI], remote[WIDE_URI]; /* From and To of our requests, tags within */
  char target[WIDE_URI];                  /* the far side's Contact */
  char route[WIDE_ROUTE];                 /* Route of our requests, in order; "" none */
  char uri[WIDE_URI];                     /* early: request URI and branch of the INVITE, for its CANCEL */
  char branch[WIDE_NAME];
};

/* The last source that a dying worker had heard, in SIP_CRASHED. */
struct wide_source {
  uint8_t family;
  uint8_t addr[16];
  uint16_t port;
};

struct wide {
  uint16_t version, kind; /* as in struct mail */
  uint32_t worker;
  struct mono at;
  union {
    struct wide_dialog dialog;
    struct wide_source source;
  } u;
};
union any_mail {
  struct mail mail;
  struct wide wide;
};

bool wide_kind(unsigned kind);
unsigned wide_size(enum mail_kind kind); /* bytes on the wire, 0: not wide */
struct wide *wide_make(struct wide *out, enum mail_kind kind, struct mono at);
/* Length, version, ranges, texts that end and hold no control characters. CAD_OK, CAD_EVERSION, CAD_EFORMAT. */
int wide_valid(const struct wide *wide, unsigned bytes);
bool wide_dialog_valid(const struct wide_dialog *dialog);

/* As mail_send_fd and mail_recv_fd; the kind says which member of out is filled. */
int wide_send_fd(int fd, const struct wide *wide);
int any_recv_fd(int fd, union any_mail *out);

#endif
