/* A message left at a machine: the detector says when it may begin and when somebody picked up after all. */
#include "dialer/media/thread.h"

static void nothing_left(struct media_thread *th, struct rtp_session *s, uint16_t prompt) {
  struct mail m = event_about(th, MEDIA_PLAYED, s);
  m.u.media_event.prompt = prompt;
  outbox_put(&th->outbox, &m);
}

void leave_ask(struct media_thread *th, struct rtp_session *s, const struct mail_media_play *order) {
  if (s->peer || s->wait.message != 0) return;
  if (!s->tap || order->prompt == 0) { /* nobody listens for the beep: better no message than half a one */
    nothing_left(th, s, order->prompt);
    return;
  }
  s->wait.message = order->prompt;
  screen_leave(s->tap->screen);
}

void leave_begin(struct media_thread *th, struct rtp_session *s, enum verdict_reason after) {
  if (s->peer || s->wait.message == 0) return;
  struct mail m = event_about(th, MEDIA_MESSAGE, s);
  m.u.media_event.reason = (uint8_t)after;
  m.u.media_event.prompt = s->wait.message;
  outbox_put(&th->outbox, &m);
  play_start(th, s, s->wait.message, false);
}

/* He is a caller like any other from now on: the legal wait counts from his own words. */
void leave_stop(struct media_thread *th, struct rtp_session *s, int64_t heard_us) {
  struct session_wait *w = &s->wait;
  if (s->peer || w->message == 0) return;
  play_stop(s);
  w->over = w->deadline_passed = w->verdict_sent = w->late_sent = false;
  w->greeting_end_us = w->decided_us = w->quiet_us = 0;
  w->speech_us = heard_us;
  struct mail m = event_about(th, MEDIA_PICKED_UP, s);
  m.at = (struct mono){heard_us / 1000};
  outbox_put(&th->outbox, &m);
}
