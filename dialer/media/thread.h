/* thread.h — one media thread's world: its sessions, its detectors, its events.
 *
 * Everything here is touched by that thread alone, except the tally (read by anybody)
 * and the prompts (read only). Inside the room only. */
#ifndef CADENCIA_MEDIA_THREAD_H
#define CADENCIA_MEDIA_THREAD_H

#include "dialer/base/histogram.h"
#include "dialer/media/outbox.h"
#include "dialer/media/prompt.h"
#include "dialer/media/sampler.h"
#include "dialer/media/session.h"
#include "dialer/media/tap.h"
#include <dsp/fingerprint.h>
#include <dsp/tone_plan.h>
#include <stdatomic.h>

enum { THREAD_INBOX_BATCH = 32, THREAD_TAG_TIMER = 0, THREAD_TAG_INBOX, THREAD_TAG_WAKE, THREAD_TAG_SESSION, THREAD_TRUNKS_MAX = 16 };

struct media_tally { /* written by the thread, relaxed; read by anybody */
  _Atomic uint64_t rx_packets, tx_packets, forwarded, strangers, malformed, beats, beats_missed, late_mail, lost_events;
  _Atomic uint32_t beat_lag_max_us, sessions_open, credits;
  struct histogram beat_lags;
};

struct media_thread {
  int epoll_fd, timer_fd;
  int64_t now_us;        /* read once a wake-up */
  int64_t first_beat_us; /* when the first beat was due */
  uint64_t beat;         /* how many were due until now */
  unsigned credits;      /* to keep announced */
  struct arena arena;
  struct tap_pool taps;
  struct outbox outbox;
  struct prompt_store *prompts;
  struct sampler sampler;
  struct tone_plan *plans; /* by trunk; no country: by family */
  unsigned plan_count;
  struct print_set prints[THREAD_TRUNKS_MAX];
  struct media_tally tally;
  struct mail inbox[THREAD_INBOX_BATCH];
  uint8_t rx[2048], tx[RTP_PACKET_BYTES_MAX];
};

static inline void tally_add(_Atomic uint64_t *counter, uint64_t n) {
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}
static inline const struct tone_plan *thread_plan(const struct media_thread *th, unsigned trunk) {
  return trunk < th->plan_count && th->plans[trunk].count ? &th->plans[trunk] : NULL;
}
static inline struct mono thread_now(const struct media_thread *th) { return (struct mono){th->now_us / 1000}; }

/* beat.c: what every 20 ms brings to a session in use; frames: how many of a prompt are due. */
void beat_session(struct media_thread *th, struct rtp_session *s, unsigned frames);
/* Keeps enough unused sessions announced. */
void beat_credits(struct media_thread *th);

/* receive.c: reads up to `packets_max` datagrams of a session. */
void receive(struct media_thread *th, struct rtp_session *s, int packets_max);

/* send.c */
void send_packet(struct media_thread *th, struct rtp_session *s, const uint8_t *data, size_t bytes);
void send_frame(struct media_thread *th, struct rtp_session *s, const uint8_t *audio);
void send_silence(struct media_thread *th, struct rtp_session *s);
void send_refused(struct media_thread *th, struct rtp_session *s);
/* Starts a prompt in place of whatever was played; an unknown one ends at once. */
void play_start(struct media_thread *th, struct rtp_session *s, unsigned prompt, bool loop);
void play_stop(struct rtp_session *s);
/* The next `frames` frames of the prompt; MEDIA_PLAYED at its end. */
void play_beat(struct media_thread *th, struct rtp_session *s, unsigned frames);

/* bridge.c */
void bridge_join(struct media_thread *th, struct rtp_session *customer, struct rtp_session *agent, bool tone);
void bridge_part(struct media_thread *th, struct rtp_session *s);
/* A packet that s heard goes to its peer. event: telephone event, else audio. */
void bridge_forward(struct media_thread *th, struct rtp_session *s, const struct rtp_packet *p, bool event);
/* The agent's tone goes on though the customer sends nothing. */
void bridge_beat(struct media_thread *th, struct rtp_session *s);

/* wait.c: screening and the legal deadline. */
void wait_ask(struct media_thread *th, struct rtp_session *s, const struct mail_media_screen *order);
void wait_hear(struct media_thread *th, struct rtp_session *s, const struct rtp_packet *p);
void wait_beat(struct media_thread *th, struct rtp_session *s);
void wait_bridged(struct media_thread *th, struct rtp_session *s);
void wait_end(struct media_thread *th, struct rtp_session *s);

/* leave.c: a message at a machine. */
void leave_ask(struct media_thread *th, struct rtp_session *s, const struct mail_media_play *order);
void leave_begin(struct media_thread *th, struct rtp_session *s, enum verdict_reason after);
/* heard_us: when the words began that stopped it. */
void leave_stop(struct media_thread *th, struct rtp_session *s, int64_t heard_us);

/* orders.c: one mail from control. */
void orders_take(struct media_thread *th, const struct mail *mail);

/* events.c */
struct mail event_about(const struct media_thread *th, enum mail_kind kind, const struct rtp_session *s);
void event_simple(struct media_thread *th, enum mail_kind kind, const struct rtp_session *s);
void event_digit(struct media_thread *th, const struct rtp_session *s, char digit);
/* MEDIA_DEAD, once a session. */
void event_dead(struct media_thread *th, struct rtp_session *s);

/* report.c: RTCP; report if it is time, and read the far side's reports. */
void rtcp_beat(struct media_thread *th, struct rtp_session *s);

#endif
