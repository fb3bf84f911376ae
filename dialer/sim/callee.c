#include "dialer/sim/line.h"
#include <string.h>

enum {
  TAG_HOLD_FRAMES = 20,   /* how long a person answers an agent with the tag before talking on; sent, however late */
  TAG_TRY_FRAMES = 7,     /* the same while it is not yet sure that it is an agent */
  PATIENCE_LOW_MS = 6000, /* a person who hears nobody hangs up after this long */
  PATIENCE_HIGH_MS = 10000,
  EARLY_HANGUP_MS = 900,
  SIT_BEFORE_404_MS = 4000,
  BUSY_TONE_MS = 5000,
  BEEP_AFTER_MS = 400,
  BEEP_MS = 500
};

static int tag_of(const struct line *l) { return (int)(l->index % TAG_COUNT); }

static const struct sound *own_wav(struct line *l) {
  struct world *w = l->world;
  if (l->as.wav >= 0) return sound_get(w->bank, l->as.wav);
  bool machine = l->as.behaviour == CALLEE_MACHINE;
  if (!machine && l->as.behaviour != CALLEE_PERSON && l->as.behaviour != CALLEE_EARLY_HANGUP) return NULL;
  const int *choice = machine ? w->machines : w->greetings;
  int count = machine ? w->machine_count : w->greeting_count;
  if (machine && l->as.beep_hz == 0) l->as.beep_hz = (uint16_t)dice_range(&l->dice, 800, 1400);
  return count == 0 ? NULL : sound_get(w->bank, choice[dice_range(&l->dice, 0, count - 1)]);
}

static double gain_of(const struct line *l) {
  if (l->wav == NULL || l->as.level_dbm0 == 0) return 1.0;
  return sound_rms(l->as.level_dbm0) / sound_rms(l->wav->level_dbm0);
}

void callee_invited(struct line *l, int64_t now) {
  struct world *w = l->world;
  if (w->callees == NULL) {
    l->as = (struct callee){.behaviour = CALLEE_PERSON, .wav = -1, .codec = -1, .ring_ms = 500};
  } else {
    const struct callee *c = callees_take(w->callees, l->called);
    l->as = c != NULL ? *c : (struct callee){.behaviour = CALLEE_FAIL, .wav = -1, .codec = -1, .sip_code = 404, .ring_ms = 300};
  }
  if (l->as.behaviour == CALLEE_SILENT) return;
  l->wav = own_wav(l);
  l->gain = gain_of(l);
  if (l->as.codec == 0 && l->offer.pcmu) l->rtp.codec = 0;
  if (l->as.codec == 8 && l->offer.pcma) l->rtp.codec = 8;
  line_respond(l, 100);
  int64_t delay = dice_range(&l->dice, 40, 500);
  l->progress_at = now + (delay > l->as.ring_ms / 2 && l->as.ring_ms > 0 ? l->as.ring_ms / 2 : delay);
  bool rings_on = l->as.behaviour == CALLEE_NO_ANSWER && l->as.ring_ms == 0;
  l->final_at = rings_on ? 0 : now + l->as.ring_ms;
  bool early = l->as.sip_code / 100 != 2 && (l->as.behaviour == CALLEE_SIT || l->as.behaviour == CALLEE_BUSY_TONE);
  if (early) l->final_at += l->as.hangup_ms > 0 ? l->as.hangup_ms : l->as.behaviour == CALLEE_SIT ? SIT_BEFORE_404_MS : BUSY_TONE_MS;
  if (early) l->progress_at = now + l->as.ring_ms;
}

static int final_code(const struct callee *c) {
  if (c->sip_code >= 200) return c->sip_code;
  switch (c->behaviour) {
  case CALLEE_BUSY:
  case CALLEE_BUSY_TONE: return 486;
  case CALLEE_NO_ANSWER: return 480;
  case CALLEE_SIT: return 404;
  case CALLEE_REJECT: return 603;
  case CALLEE_FAIL: return 503;
  default: return 200;
  }
}

static void progress(struct line *l) {
  l->progress_at = 0;
  bool tones = l->as.behaviour == CALLEE_SIT || l->as.behaviour == CALLEE_BUSY_TONE;
  if (tones && l->as.sip_code / 100 != 2) {
    l->early = 1;
    l->position = 0;
    line_respond(l, 183);
  } else if (l->as.behaviour != CALLEE_FAIL && l->as.behaviour != CALLEE_BUSY) {
    line_respond(l, 180);
  }
}

static void answer(struct line *l, int64_t now) {
  l->final_at = 0;
  int status = final_code(&l->as);
  l->early = 0;
  l->position = 0;
  line_respond(l, status);
  if (status >= 300) {
    callee_ended(l, now, TRUTH_END_CALLEE);
    return;
  }
  now = l->answered_at; /* the stamp of the 200 itself */
  int64_t speech_ms = l->wav == NULL ? 0 : (int64_t)(l->wav->speech_end * 1000 / SOUND_RATE_HZ);
  if (l->wav != NULL) l->greeting_end_at = now + l->as.answer_delay_ms + speech_ms;
  if (l->as.hangup_ms > 0)
    l->hangup_at = now + l->as.hangup_ms;
  else if (l->as.behaviour == CALLEE_EARLY_HANGUP)
    l->hangup_at = now + l->as.answer_delay_ms + EARLY_HANGUP_MS;
  else if (l->as.behaviour == CALLEE_PERSON)
    l->hangup_at = now + l->as.answer_delay_ms + speech_ms + dice_range(&l->dice, PATIENCE_LOW_MS, PATIENCE_HIGH_MS);
}

static void add_sound(int16_t *out, const struct sound *s, uint64_t from, double gain) {
  for (unsigned i = 0; i < SOUND_FRAME && from + i < s->count; i++) {
    double v = out[i] + gain * s->samples[from + i];
    out[i] = v > 32767 ? 32767 : v < -32768 ? -32768 : (int16_t)v;
  }
}

/* A person with an agent in the ear: first the tag, then a short word now and then. */
static void talk_add(struct line *l, int16_t *out, int64_t now) {
  struct world *w = l->world;
  if (l->tag_left > 0) {
    tag_add(out, SOUND_FRAME, l->position, tag_of(l), -18);
    noise_add(out, SOUND_FRAME, &l->noise, -27); /* a pure pair of tones would be a beep to whoever listens for machines */
    return;
  }
  if (l->saying == NULL && now >= l->say_at && w->saying_count > 0) {
    l->saying = sound_get(w->bank, w->sayings[dice_range(&l->dice, 0, w->saying_count - 1)]);
    l->said = 0;
  }
  if (l->saying == NULL) return;
  add_sound(out, l->saying, l->said, sound_rms(l->as.level_dbm0 != 0 ? l->as.level_dbm0 : -20) / sound_rms(l->saying->level_dbm0));
  l->said += SOUND_FRAME;
  if (l->said < l->saying->count) return;
  l->saying = NULL;
  l->say_at = now + dice_range(&l->dice, 900, 3500);
}

static void answered_add(struct line *l, int16_t *out, int64_t now) {
  bool person = l->as.behaviour == CALLEE_PERSON;
  if (person && l->tag_left > 0) { /* even in mid-greeting: agents must know the tag */
    talk_add(l, out, now);
    return;
  }
  uint64_t start = (uint64_t)l->as.answer_delay_ms * (SOUND_RATE_HZ / 1000), at = l->position;
  if (l->wav != NULL && at + SOUND_FRAME > start && at - start < l->wav->count) {
    if (at >= start) add_sound(out, l->wav, at - start, l->gain);
  }
  if (l->as.behaviour == CALLEE_MACHINE && l->as.beep_hz != 0 && l->wav != NULL) {
    uint64_t beep = start + l->wav->count + BEEP_AFTER_MS * (SOUND_RATE_HZ / 1000);
    if (at >= beep && at < beep + BEEP_MS * (SOUND_RATE_HZ / 1000)) tone_add(out, SOUND_FRAME, at - beep, l->as.beep_hz, -14);
  }
  if (l->as.behaviour == CALLEE_FAX) ced_add(out, SOUND_FRAME, at, -13);
  if (l->as.behaviour == CALLEE_SIT && at >= start) sit_add(out, SOUND_FRAME, at - start, -16);
  if (l->as.behaviour == CALLEE_BUSY_TONE && at >= start) busy_add(out, SOUND_FRAME, at - start, -16);
  if (person && l->heard_agent_at != 0) talk_add(l, out, now);
}

void callee_beat(struct line *l, int64_t now) {
  if (l->state == LINE_INVITED && l->progress_at != 0 && now >= l->progress_at) progress(l);
  if (l->state == LINE_INVITED && l->final_at != 0 && now >= l->final_at) answer(l, now);
  if (l->state == LINE_UP && l->hangup_at != 0 && now >= l->hangup_at) line_hang_up(l);
  if (l->rtp.fd < 0 || !(l->state == LINE_UP || (l->state == LINE_INVITED && l->early))) return;
  int16_t frame[SOUND_FRAME] = {0};
  if (l->state == LINE_UP)
    answered_add(l, frame, now);
  else if (l->as.behaviour == CALLEE_SIT)
    sit_add(frame, SOUND_FRAME, l->position, -16);
  else
    busy_add(frame, SOUND_FRAME, l->position, -16);
  /* The same noise whoever answers: nobody is to be told by it. The tag is ours, not the callee's: agents must know it in any room. */
  if (l->as.noise_dbm0 != 0 && l->tag_left == 0) room_add(frame, SOUND_FRAME, &l->room, l->as.noise_dbm0);
  if (l->tag_left > 0) l->tag_left--;
  line_rtp_send(l, frame, now);
  l->position += SOUND_FRAME;
}

static void heard_agent(struct line *l, int tag, int64_t since, int64_t now) {
  l->heard_agent_at = since;
  struct line *phone = phone_by_tag(l->world, tag);
  l->tag_left = TAG_HOLD_FRAMES;
  l->say_at = now + dice_range(&l->dice, 2200, 4000);                             /* the agent says who calls */
  if (l->as.hangup_ms == 0 && l->as.behaviour == CALLEE_PERSON) l->hangup_at = 0; /* the agent ends it */
  if (phone == NULL) return;
  l->partner = (int)phone->index;
  phone_joined(phone, l, now);
}

void callee_hears(struct line *l, const int16_t *frame, int64_t now) {
  if (l->state != LINE_UP || l->heard_agent_at != 0 || sound_level(frame, SOUND_FRAME) < -50) return;
  int64_t since = now;
  int tag = ear_tag(&l->ear, -1, &since);
  if (tag >= 0) {
    heard_agent(l, tag, since, now);
    return;
  }
  /* Replying at the first sound keeps our own certainty out of the measured time. */
  if (l->tag_left == 0 && tag_likely(frame)) l->tag_left = TAG_TRY_FRAMES;
  if (l->message_at == 0 && l->ear.count == EAR_FRAMES) {
    unsigned loud = 0;
    for (unsigned i = 0; i < EAR_FRAMES; i++) loud += sound_level(l->ear.frames[i], SOUND_FRAME) > -50;
    if (loud < EAR_FRAMES) return;
    l->message_at = l->ear.at[l->ear.head]; /* a person who hears a message listens to it */
    if (l->as.hangup_ms == 0 && l->as.behaviour == CALLEE_PERSON) l->hangup_at = now + 60000;
  }
}

void callee_ended(struct line *l, int64_t now, enum truth_end by) {
  if (l->reported) return;
  l->reported = true;
  struct world *w = l->world;
  struct sim_truth t = {.kind = TRUTH_CALL,
                        .attempt = l->attempt,
                        .phone = l->called,
                        .behaviour = l->as.behaviour,
                        .end = (uint8_t)by,
                        .codec = l->rtp.codec,
                        .sip_code = l->final_code,
                        .invited_ms = l->invited_at,
                        .answered_ms = l->answered_at,
                        .greeting_end_ms = l->greeting_end_at,
                        .ended_ms = now,
                        .callee_heard_ms = l->heard_agent_at,
                        .message_ms = l->message_at,
                        .rtp_sent = l->rtp.sent,
                        .rtp_received = l->rtp.received};
  if (l->partner >= 0) {
    struct line *phone = &w->lines[l->partner];
    t.agent = (uint32_t)phone->agent + 1;
    if (phone->customer == (int)l->index && phone->customer_generation == l->generation) {
      t.agent_heard_ms = phone->heard_customer_at;
      phone_left(phone, now);
    }
  }
  if (t.end == TRUTH_END_CALLEE && l->final_code == 487) t.end = TRUTH_END_CANCELLED;
  world_tell(w, &t);
}
