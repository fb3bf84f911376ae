#include "dialer/media/thread.h"

enum { SPEECH_CAP_US = 6000000, DEAD_AIR_US = 8000000, LATE_LISTEN_US = 20000000 };

static bool is_tone(enum verdict v) { return v == VERDICT_BUSY_TONE || v == VERDICT_SIT || v == VERDICT_FAX; }
/* Whoever may be a person keeps the right to hear somebody in time. */
static bool may_be_person(enum verdict v) { return v == VERDICT_PERSON || v == VERDICT_DEAD_AIR || v == VERDICT_NONE; }

static void say_verdict(struct media_thread *th, struct rtp_session *s, enum verdict v, enum verdict_reason reason) {
  if (s->wait.verdict_sent) return;
  s->wait.verdict_sent = true;
  struct mail m = event_about(th, MEDIA_VERDICT, s);
  m.u.media_event.verdict = (uint8_t)v;
  m.u.media_event.reason = (uint8_t)reason;
  if (m.u.media_event.greeting_end.ms == 0 && s->wait.quiet_us > s->answered_us)
    m.u.media_event.greeting_end = (struct mono){s->wait.quiet_us / 1000};
  outbox_put(&th->outbox, &m);
}

static void say_greeting_end(struct media_thread *th, struct rtp_session *s) {
  struct mail m = event_about(th, MEDIA_GREETING_END, s);
  m.at = m.u.media_event.greeting_end;
  outbox_put(&th->outbox, &m);
}

static void greeting_ended(struct media_thread *th, struct rtp_session *s, int64_t at_us) {
  if (s->wait.greeting_end_us != 0) return;
  s->wait.greeting_end_us = at_us > s->answered_us ? at_us : s->answered_us;
  if (s->wait.asked) say_greeting_end(th, s);
}

/* heard_us: when event->sample was heard. */
static void decided(struct media_thread *th, struct rtp_session *s, const struct screen_event *event, int64_t heard_us) {
  struct session_wait *w = &s->wait;
  if (s->early) {
    if (is_tone(event->verdict)) say_verdict(th, s, event->verdict, event->reason);
    return;
  }
  if (!w->asked || !w->screening || w->verdict_sent || w->over) return;
  /* He stopped here; if an agent comes before the silence has lasted, this was the end of his greeting. */
  if (event->quiet_since != 0) w->quiet_us = heard_us - ((int64_t)event->sample - (int64_t)event->quiet_since) * 125;
  if (may_be_person(event->verdict))
    w->decided_us = th->now_us;
  else
    w->over = true;
  say_verdict(th, s, event->verdict, event->reason);
}

/* Said once, to whoever was told that this is a person. */
static void say_late(struct media_thread *th, struct rtp_session *s, enum verdict_reason reason) {
  if (!s->wait.verdict_sent || s->wait.late_sent) return;
  s->wait.late_sent = true;
  struct mail m = event_about(th, MEDIA_LATE, s);
  m.u.media_event.verdict = VERDICT_MACHINE;
  m.u.media_event.reason = (uint8_t)reason;
  outbox_put(&th->outbox, &m);
}

/* A beep proves a machine: how it began is worth knowing again. */
static void say_print(struct media_thread *th, struct rtp_session *s, enum verdict_reason reason) {
  struct mail m = mail_make(MEDIA_PRINT, thread_now(th));
  if (reason != REASON_BEEP || s->wait.print_sent || !s->tap || !screen_print(s->tap->screen, &m.u.media_print.print) ||
      !outbox_roomy(&th->outbox))
    return;
  s->wait.print_sent = true;
  m.u.media_print.session = session_id(s);
  m.u.media_print.owner = s->owner;
  outbox_put(&th->outbox, &m);
}

/* Eight seconds are enough; a call without a verdict has nothing to be right or wrong about. */
static void sample_end(struct media_thread *th, struct rtp_session *s) {
  if (s->tap) s->tap->sample = sampler_put(&th->sampler, s->tap->sample, s->wait.verdict_sent);
}

static void sample_begin(struct media_thread *th, struct rtp_session *s, const struct mail_media_screen *order) {
  if (!s->tap || !order->screening || order->sample_days == 0 || arena_random(&th->arena) % 10000 >= order->sample_bp) return;
  s->tap->sample = sampler_take(&th->sampler, order->attempt_id, order->sample_days);
}

static void close_tap(struct media_thread *th, struct rtp_session *s) {
  sample_end(th, s);
  s->tap = tap_close(&th->taps, s->tap);
}

struct hearing {
  struct media_thread *th;
  struct rtp_session *s;
};

static void hear_event(void *context, const struct screen_event *event, int64_t heard_us) {
  struct hearing *h = context;
  struct session_wait *w = &h->s->wait;
  switch (event->kind) {
  case SCREEN_SPEECH_START:
    if (!h->s->early && w->speech_us == 0) w->speech_us = heard_us > h->s->answered_us ? heard_us : h->s->answered_us;
    break;
  case SCREEN_GREETING_END:
    if (!h->s->early) greeting_ended(h->th, h->s, heard_us);
    break;
  case SCREEN_DECISION:
    say_print(h->th, h->s, event->reason);
    decided(h->th, h->s, event, heard_us);
    break;
  case SCREEN_TONE:
    if (is_tone(event->verdict)) decided(h->th, h->s, event, heard_us);
    break;
  case SCREEN_DIGIT:
    if (h->s->desc.event_pt == 0 && event->digit) event_digit(h->th, h->s, event->digit);
    break;
  case SCREEN_LATE_MACHINE:
    say_print(h->th, h->s, event->reason);
    say_late(h->th, h->s, event->reason);
    break;
  case SCREEN_MESSAGE_BEGIN: leave_begin(h->th, h->s, event->reason); break;
  case SCREEN_MESSAGE_STOP: leave_stop(h->th, h->s, heard_us); break;
  case SCREEN_BEEP_END: break;
  }
}

void wait_ask(struct media_thread *th, struct rtp_session *s, const struct mail_media_screen *order) {
  struct session_wait *w = &s->wait;
  if (w->asked || w->over || s->peer) return;
  w->asked = true;
  w->screening = order->screening != 0;
  w->verdict_sent = false;
  w->max_wait_ms = order->max_wait_ms;
  w->prompt = order->prompt;
  w->trunk = order->trunk;
  s->early = false;
  if (s->answered_us == 0) s->answered_us = th->now_us;
  if (s->tap)
    tap_answered(s->tap, s->answered_us);
  else
    s->tap = tap_open(&th->taps, s->answered_us, true, s->plan, s->prints);
  if (s->tap) screen_hint(s->tap->screen, order->hints);
  if (w->greeting_end_us != 0) say_greeting_end(th, s);
  sample_begin(th, s, order);
  if (s->tap) return;
  /* No detector is free: nobody may be lost or kept waiting for that, so the greeting counts as over. */
  greeting_ended(th, s, th->now_us);
  if (w->screening) say_verdict(th, s, VERDICT_PERSON, REASON_UNDECIDED);
}

void wait_hear(struct media_thread *th, struct rtp_session *s, const struct rtp_packet *p) {
  if (!s->tap && s->early && s->owner.role == LEG_CALL && !s->wait.over)
    s->tap = tap_open(&th->taps, th->now_us, false, s->plan, s->prints);
  struct hearing h = {th, s};
  if (s->tap) tap_hear(s->tap, p, th->now_us, hear_event, &h);
}

/* From when the legal wait counts: the end of the greeting, or where patience with it ended. */
static int64_t wait_from_us(const struct rtp_session *s) {
  const struct session_wait *w = &s->wait;
  if (w->greeting_end_us != 0) return w->greeting_end_us;
  int64_t from = w->speech_us != 0 ? w->speech_us + SPEECH_CAP_US : s->answered_us + DEAD_AIR_US;
  return w->decided_us != 0 && w->decided_us < from ? w->decided_us : from;
}

static void deadline(struct media_thread *th, struct rtp_session *s) {
  struct session_wait *w = &s->wait;
  w->over = w->deadline_passed = true;
  if (w->screening) say_verdict(th, s, VERDICT_PERSON, REASON_UNDECIDED);
  struct mail m = event_about(th, MEDIA_DEADLINE, s);
  m.u.media_event.prompt = w->prompt;
  outbox_put(&th->outbox, &m);
  if (w->prompt != 0) play_start(th, s, w->prompt, false);
  if (s->desc.event_pt != 0) close_tap(th, s); /* else it still listens for the key that opts out */
}

void wait_beat(struct media_thread *th, struct rtp_session *s) {
  if (s->tap) {
    struct hearing h = {th, s};
    tap_beat(s->tap, th->now_us, hear_event, &h);
    if (s->tap->sample && s->tap->sample->count == SAMPLE_SAMPLES) sample_end(th, s);
    const bool enough = s->wait.late_sent || (s->wait.listen_until_us != 0 && th->now_us >= s->wait.listen_until_us);
    if (s->peer && enough) close_tap(th, s);
  }
  const struct session_wait *w = &s->wait;
  if (w->asked && !w->over && th->now_us >= wait_from_us(s) + (int64_t)w->max_wait_ms * 1000) deadline(th, s);
}

/* Bridged: the wait is over, but who was screened is listened to for a while. */
void wait_bridged(struct media_thread *th, struct rtp_session *s) {
  if (!s->tap || !s->wait.screening || !s->wait.verdict_sent || s->wait.late_sent) {
    wait_end(th, s);
    return;
  }
  s->wait.over = true;
  if (s->wait.listen_until_us == 0) s->wait.listen_until_us = th->now_us + LATE_LISTEN_US;
}

void wait_end(struct media_thread *th, struct rtp_session *s) {
  s->wait.over = true;
  close_tap(th, s);
}
