/* wide.h — mail between the control loop and a SIP worker that is too wide for struct mail: dialogs, trunks with
 * their accounts, phones and where they are. It crosses the same pipe, told apart by its kind; it never enters a
 * mailbox nor the pure floor. The loop keeps what a new worker needs (handover.h) and gives it back.
 * Thread: any. Source: wide.c */
#ifndef CADENCIA_WIDE_H
#define CADENCIA_WIDE_H

#include "dialer/base/mail.h"
#include "dialer/base/netblock.h"
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

/* SIP_TRUNK_SETUP (loop -> worker): everything about a trunk; SIP_TRUNK defines one without an account. */
struct wide_trunk {
  uint16_t trunk;
  uint8_t registers; /* REGISTER there; up only while registered */
  uint8_t codecs[2], codec_count;
  uint32_t expires_s, options_s; /* options_s 0: health is not asked for */
  char proxy[WIDE_URI];          /* sip: URI, name or numeric address, ;transport= */
  char user[WIDE_NAME], password[WIDE_SECRET];
  struct netblock sources[NETBLOCKS_MAX]; /* where its callers may come from besides */
  uint8_t source_count;
  char domain[WIDE_NAME];   /* in From, To and request URI; "" the proxy's */
  char tls_name[WIDE_NAME]; /* the name that its certificate must bear; "" the proxy's host */
};

/* SIP_ACCOUNT (loop -> worker): a phone that may register. */
struct wide_account {
  uint64_t agent_id;
  uint8_t gone; /* it may not any more */
  char user[WIDE_NAME];
  char ha1_md5[33], ha1_sha256[65];
};

/* SIP_BINDING (both ways): where a phone is. expires 0: nowhere any more. */
struct wide_binding {
  uint64_t agent_id;
  struct wall expires;
  uint32_t cseq;
  uint8_t answers; /* it answered when asked last */
  char user[WIDE_NAME];
  char contact[WIDE_URI], path[WIDE_ROUTE];
  char received[WIDE_NAME]; /* "192.0.2.9:5060;transport=udp": where its packets come from */
  char call_id[128], agent[WIDE_NAME];
};

/* SIP_KEY (loop -> worker): the nonces of the last worker stay good. */
struct wide_key {
  uint8_t bytes[32];
  uint8_t offers; /* bit 0: MD5, bit 1: SHA-256 */
  char realm[WIDE_NAME];
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
    struct wide_trunk trunk;
    struct wide_account account;
    struct wide_binding binding;
    struct wide_key key;
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
