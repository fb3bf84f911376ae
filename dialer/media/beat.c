#include "dialer/media/thread.h"
#include <cadencia/err.h>

enum {
  BEAT_PACKETS_MAX = 16,
  RX_BUDGET_A_BEAT = 5, /* 250 packets a second; 10 ms packets are 100 */
  RX_BUDGET_MAX = 300,
  KEEP_ALIVE_US = 500000,
  DEAD_US = 15000000,
  CREDITS_A_ROUND = 32
};

void beat_credits(struct media_thread *th) {
  unsigned range = 0, done = 0, rounds = CREDITS_A_ROUND;
  while (done < th->arena.range_count && rounds-- > 0 && outbox_roomy(&th->outbox)) {
    struct rtp_session *s;
    if (th->arena.ranges[range].credit_count >= th->credits || arena_credit_at(&th->arena, range, th->now_us, &s) != CAD_OK) {
      range++;
      done++;
      continue;
    }
    struct mail m = mail_make(MEDIA_CREDIT, thread_now(th));
    m.u.media_credit = (struct mail_media_credit){.session = session_id(s), .port = s->port, .listener = (uint16_t)range};
    outbox_put(&th->outbox, &m);
  }
  atomic_store_explicit(&th->tally.credits, th->arena.credit_count, memory_order_relaxed);
  atomic_store_explicit(&th->tally.sessions_open, th->arena.used_count, memory_order_relaxed);
}

static bool silent(const struct media_thread *th, const struct rtp_session *s) {
  int64_t since = s->answered_us;
  if (s->in.last_us > since) since = s->in.last_us;
  if (s->bridged_us > since) since = s->bridged_us;
  if (s->resumed_us > since) since = s->resumed_us;
  return th->now_us - since >= DEAD_US;
}

static bool should_talk(const struct rtp_session *s) { return s->desc.dir == MEDIA_SENDRECV && net_addr_usable(&s->latch.sdp); }

/* A bridge is dead when nobody was heard on it; a customer alone, when he is not. An idle seat may be silent. */
static void check_dead(struct media_thread *th, struct rtp_session *s) {
  if (s->dead_sent || s->answered_us == 0 || !should_talk(s) || !silent(th, s)) return;
  if (s->peer) {
    if (s->customer && should_talk(s->peer) && silent(th, s->peer)) event_dead(th, s);
  } else if (s->owner.role == LEG_CALL) {
    event_dead(th, s);
  }
}

void beat_session(struct media_thread *th, struct rtp_session *s, unsigned frames) {
  s->rx_budget = (uint16_t)(s->rx_budget + RX_BUDGET_A_BEAT > RX_BUDGET_MAX ? RX_BUDGET_MAX : s->rx_budget + RX_BUDGET_A_BEAT);
  if (!s->polled) receive(th, s, BEAT_PACKETS_MAX);
  if (!s->connected && latch_expired(&s->latch, th->now_us) && net_addr_usable(&s->latch.far)) session_connect(s);
  wait_beat(th, s);
  if (s->prompt)
    play_beat(th, s, frames);
  else if (s->peer)
    bridge_beat(th, s);
  bool idle = th->now_us - s->out.last_us >= KEEP_ALIVE_US;
  if (idle && s->answered_us != 0 && session_may_send(s)) send_silence(th, s);
  check_dead(th, s);
  rtcp_beat(th, s);
}
