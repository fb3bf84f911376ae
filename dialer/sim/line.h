/* line.h — one dialog of the simulated far end with its audio: a callee's line or an agent's phone.
 *
 * line.c speaks SIP (RFC 3261 as a UAS over UDP), line_rtp.c RTP, callee.c and phone.c play the
 * people. Times are milliseconds of CLOCK_MONOTONIC. Owner: the carrier's one thread. */
#ifndef CADENCIA_SIM_LINE_H
#define CADENCIA_SIM_LINE_H

#include "dialer/sim/callees.h"
#include "dialer/sim/carrier.h"
#include "dialer/sim/sip_text.h"

enum line_state {
  LINE_FREE = 0,
  LINE_INVITED, /* no final response yet */
  LINE_UP,      /* 2xx sent */
  LINE_REFUSED, /* other final response sent */
  LINE_BYE,     /* our BYE is on its way */
  LINE_OVER     /* ended; answers retransmissions for a while */
};

enum { LINE_HELD_MAX = 4, EAR_FRAMES = 8, PACKET_MAX = 12 + 240 };

/* What a line has heard lately, frame by frame. */
struct ear {
  int16_t frames[EAR_FRAMES][SOUND_FRAME];
  int64_t at[EAR_FRAMES];
  unsigned head;  /* next to be written */
  unsigned count; /* filled */
  int16_t partial[SOUND_FRAME];
  int partial_count;
};

struct line_rtp {
  int fd; /* -1: none */
  uint16_t port;
  struct sockaddr_in remote;
  bool remote_known, send;
  uint8_t codec; /* 0 or 8 */
  int event_pt;  /* -1: none */
  uint16_t sequence;
  uint32_t timestamp, ssrc;
  char digits[8]; /* waiting to be dialed */
  unsigned digit_frame;
  uint32_t digit_timestamp;
  uint64_t sent, received, strangers;
  struct {
    int64_t due;
    uint8_t bytes[PACKET_MAX];
    size_t n;
  } held[LINE_HELD_MAX]; /* late packets of a jittering line */
  unsigned held_count;
};

struct world;
struct line {
  struct world *world;
  uint32_t index, next; /* next: hash chain or free list, +1 */
  uint8_t state;        /* enum line_state */
  bool phone;           /* an agent's phone, not a callee */
  bool acked;

  /* the dialog */
  struct sockaddr_in peer;
  char call_id[160], from[256], to[320], target[256], vias[1024], routes[768], branch[96];
  uint32_t invite_cseq, own_cseq;
  int offer_event_pt;
  bool offer_pcmu, offer_pcma;
  uint8_t offer_first;
  struct sdp_text offer;
  unsigned sdp_version;
  char last[3072]; /* what is retransmitted: the INVITE's last response, or our BYE */
  size_t last_n;
  int64_t resend_at, resend_ms, give_up_at;

  struct line_rtp rtp;
  struct ear ear;
  uint64_t dice;
  uint32_t noise;
  struct room room; /* a person's */
  int64_t invited_at, progress_at, answered_at, ended_at;
  uint64_t position; /* samples sent since the answer (or since 183) */

  /* a callee */
  struct callee as;
  const struct sound *wav;
  double gain;
  uint64_t attempt, called;
  int64_t ring_at, final_at, hangup_at, greeting_end_at, heard_agent_at, message_at, say_at;
  int partner; /* line index of the agent's phone heard here, -1 */
  const struct sound *saying;
  size_t said;
  unsigned tag_left; /* frames in which the tag is still to be sent */
  uint8_t early;     /* sounds before the answer */
  uint16_t final_code;
  bool reported;

  /* an agent's phone */
  int agent;    /* tag number */
  int customer; /* line index, -1 */
  uint32_t customer_generation;
  int64_t heard_customer_at, talk_until, dispose_at;
  uint32_t generation; /* counts uses of this line */
};

/* ---- line.c ---- */
/* A datagram at the SIP socket of callees (phone false) or phones. */
void line_datagram(struct world *w, bool phone, const char *data, size_t n, const struct sockaddr_in *source);
/* Provisional (with SDP for 183) or final response to the INVITE. */
void line_respond(struct line *l, int status);
void line_hang_up(struct line *l);             /* BYE */
void line_timers(struct line *l, int64_t now); /* retransmission, giving up, the end of lingering */

/* ---- line_rtp.c ---- */
int line_rtp_open(struct line *l);
void line_rtp_close(struct line *l);
void line_rtp_remote(struct line *l, const struct sdp_text *sdp);
/* Reads what has arrived; each complete frame goes to callee_hears / phone_hears. */
void line_rtp_receive(struct line *l, int64_t now);
/* Sends one frame, or the next packet of a digit instead. */
void line_rtp_send(struct line *l, const int16_t *frame, int64_t now);
void line_rtp_flush(struct line *l, int64_t now);
void line_rtp_dial(struct line *l, char digit);
/* The tag that is in the last frames: its number and when it began to be heard; -1: none. expect >= 0: only this one. */
int ear_tag(const struct ear *e, int expect, int64_t *since);

/* ---- callee.c ---- */
void callee_invited(struct line *l, int64_t now); /* chooses the callee; final responses follow by callee_beat */
void callee_beat(struct line *l, int64_t now);    /* every 20 ms */
void callee_hears(struct line *l, const int16_t *frame, int64_t now);
void callee_ended(struct line *l, int64_t now, enum truth_end by);

/* ---- phone.c ---- */
void phone_invited(struct line *l, int64_t now);
void phone_beat(struct line *l, int64_t now);
void phone_hears(struct line *l, const int16_t *frame, int64_t now);
void phone_ended(struct line *l);
/* The line of this agent hears a customer now / no longer. */
void phone_joined(struct line *l, struct line *customer, int64_t now);
void phone_left(struct line *l, int64_t now);
/* The up phone with this tag; NULL. */
struct line *phone_by_tag(struct world *w, int tag);

#endif
