#include "dialer/media/thread.h"

struct mail event_about(const struct media_thread *th, enum mail_kind kind, const struct rtp_session *s) {
  struct mail m = mail_make(kind, thread_now(th));
  m.u.media_event.session = session_id(s);
  m.u.media_event.owner = s->owner;
  m.u.media_event.greeting_end = (struct mono){s->wait.greeting_end_us / 1000};
  return m;
}

void event_simple(struct media_thread *th, enum mail_kind kind, const struct rtp_session *s) {
  struct mail m = event_about(th, kind, s);
  outbox_put(&th->outbox, &m);
}

/* A peer can send as many digits as it likes: they may not crowd out what the floor needs to know. */
void event_digit(struct media_thread *th, const struct rtp_session *s, char digit) {
  if (!outbox_roomy(&th->outbox)) {
    tally_add(&th->tally.lost_events, 1);
    return;
  }
  struct mail m = event_about(th, MEDIA_DIGIT, s);
  m.u.media_event.digit = digit;
  outbox_put(&th->outbox, &m);
}

void event_dead(struct media_thread *th, struct rtp_session *s) {
  if (s->dead_sent) return;
  s->dead_sent = true;
  event_simple(th, MEDIA_DEAD, s);
}
