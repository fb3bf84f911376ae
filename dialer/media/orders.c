#include "dialer/media/thread.h"
#include <string.h>

enum { LATCH_WINDOW_US = 5000000, REST_US = 3000000, ANSWER_BACK_US = 3000000, RX_BUDGET_START = 100 };

static struct rtp_session *subject(struct media_thread *th, struct session id) {
  struct rtp_session *s = arena_find(&th->arena, id);
  if (!s) {
    tally_add(&th->tally.late_mail, 1);
    return NULL;
  }
  if (s->state == SESSION_CREDIT) {
    arena_use(&th->arena, s);
    uint64_t random = arena_random(&th->arena);
    stream_open(&s->out, (uint32_t)random, (uint16_t)(random >> 32), (uint32_t)arena_random(&th->arena));
    s->rx_budget = RX_BUDGET_START;
  }
  return s;
}

/* When the answer came in at the edge; what is said of the future or of long ago is not believed. */
static int64_t answered_at_us(const struct media_thread *th, struct mono stamp) {
  const int64_t us = stamp.ms * 1000;
  return us <= th->now_us && us >= th->now_us - ANSWER_BACK_US ? us : th->now_us;
}

static void remote(struct media_thread *th, const struct mail_media_remote *order) {
  struct rtp_session *s = subject(th, order->session);
  if (!s) return;
  bool answered = !order->early && s->answered_us == 0;
  s->owner = order->owner;
  if (order->owner.role == LEG_CALL) {
    s->plan = thread_plan(th, order->trunk);
    s->prints = order->trunk < THREAD_TRUNKS_MAX ? &th->prints[order->trunk] : NULL;
  }
  s->early = order->early && s->answered_us == 0;
  if (answered) {
    s->answered_us = answered_at_us(th, order->answered);
    if (s->tap) tap_answered(s->tap, s->answered_us);
  }
  bool moved = false;
  if (order->desc.family != 0) {
    struct net_addr to = net_addr_of_desc(&order->desc);
    if (s->desc.dir != MEDIA_SENDRECV && order->desc.dir == MEDIA_SENDRECV) s->resumed_us = th->now_us;
    s->desc = order->desc;
    moved = latch_aim(&s->latch, &order->desc);
    if (moved) session_disconnect(s);
    bool foreign = to.family != th->arena.ranges[s->range].bind.family || arena_owns_port(&th->arena, &to);
    if (foreign || !net_addr_usable(&to)) latch_shut(&s->latch);
  }
  if (!s->early && (moved || answered)) latch_open_window(&s->latch, th->now_us + LATCH_WINDOW_US);
  if (answered && session_may_send(s)) send_silence(th, s); /* opens the way through translators at once */
}

static void bridge(struct media_thread *th, const struct mail_media_bridge *order) {
  struct rtp_session *customer = subject(th, order->customer), *agent = subject(th, order->agent);
  if (!customer || !agent || customer == agent || customer->wait.deadline_passed) return;
  if (customer->answered_us == 0 || agent->answered_us == 0) return;
  bridge_join(th, customer, agent, order->tone != 0);
}

static void play(struct media_thread *th, const struct mail_media_play *order) {
  struct rtp_session *s = subject(th, order->session);
  if (!s) return;
  /* The fall-back prompt on order: the deadline has nothing left to do. */
  if (s->wait.asked && order->prompt != 0 && order->prompt == s->wait.prompt) s->wait.over = true;
  play_start(th, s, order->prompt, order->loop != 0);
}

static void release(struct media_thread *th, struct session id) {
  struct rtp_session *s = subject(th, id);
  if (!s) return;
  bridge_part(th, s);
  wait_end(th, s);
  struct mail m = mail_make(MEDIA_STATS, thread_now(th));
  m.u.media_stats = (struct mail_media_stats){.session = session_id(s),
                                              .owner = s->owner,
                                              .rx_packets = s->in.packets,
                                              .tx_packets = s->out.packets,
                                              .lost = stream_lost(&s->in),
                                              .late = s->in.late,
                                              .strangers = s->strangers,
                                              .jitter_us = stream_jitter_us(&s->in)};
  outbox_put(&th->outbox, &m);
  arena_rest(&th->arena, s, th->now_us + REST_US);
}

/* One more announcement of a trunk; the oldest makes room. */
static void know(struct media_thread *th, const struct mail_media_know *order) {
  if (order->trunk >= THREAD_TRUNKS_MAX) return;
  struct print_set *set = &th->prints[order->trunk];
  for (uint32_t i = 0; i < set->count; i++)
    if (memcmp(&set->print[i], &order->print, sizeof order->print) == 0) {
      set->screening[i] = order->screening;
      return;
    }
  if (set->count == PRINT_SET_MAX) {
    memmove(set->print, set->print + 1, sizeof set->print[0] * (size_t)--set->count);
    memmove(set->screening, set->screening + 1, sizeof set->screening[0] * (size_t)set->count);
  }
  set->screening[set->count] = order->screening;
  set->print[set->count++] = order->print;
}

void orders_take(struct media_thread *th, const struct mail *mail) {
  struct rtp_session *s = NULL;
  switch (mail->kind) {
  case MEDIA_REMOTE: remote(th, &mail->u.media_remote); break;
  case MEDIA_SCREEN:
    if ((s = subject(th, mail->u.media_screen.session))) wait_ask(th, s, &mail->u.media_screen);
    break;
  case MEDIA_BRIDGE: bridge(th, &mail->u.media_bridge); break;
  case MEDIA_UNBRIDGE:
    if ((s = subject(th, mail->u.media_session.session))) bridge_part(th, s);
    break;
  case MEDIA_PLAY: play(th, &mail->u.media_play); break;
  case MEDIA_LEAVE:
    if ((s = subject(th, mail->u.media_play.session))) leave_ask(th, s, &mail->u.media_play);
    break;
  case MEDIA_STOP:
    if ((s = subject(th, mail->u.media_session.session))) play_stop(s);
    break;
  case MEDIA_KNOW: know(th, &mail->u.media_know); break;
  case MEDIA_RELEASE: release(th, mail->u.media_session.session); break;
  default: tally_add(&th->tally.late_mail, 1); break;
  }
}
