/* A stand-in for the detector, so that these tests speak of media alone: amplitude is meaning.
 *   > 24000  the beep of a machine: DECISION machine after 100 ms of it
 *            LATE_MACHINE after 100 ms of it when a person was decided before
 *   > 16000  a busy tone: TONE after 100 ms of it
 *   > 1000   speech; 400 ms of quiet after it: GREETING_END, and DECISION person
 * Nothing else is ever said: media has to mind its own deadlines. */
#ifndef SCREEN_DOUBLE_H
#define SCREEN_DOUBLE_H
#include <dsp/fingerprint.h>
#include <dsp/screen.h>
#include <string.h>

struct screen {
  bool leave, begun;
  int over;
  uint64_t at, quiet_from;
  int loud, busy;
  bool answered, speech, ended, decided, toned, late;
  uint64_t decided_at;
};

size_t screen_size(void) { return sizeof(struct screen); }

struct screen *screen_init(void *memory, const struct screen_params *params, bool answered) {
  struct screen *s = memory;
  (void)params;
  memset(s, 0, sizeof *s);
  s->answered = answered;
  return s;
}

void screen_answered(struct screen *s) {
  s->answered = true;
  s->speech = s->ended = false;
}

void screen_answered_before(struct screen *s) { s->answered = true; }

bool screen_print(const struct screen *s, struct fingerprint *out) {
  memset(out, 0xab, sizeof *out);
  return s->decided;
}

void screen_hint(struct screen *s, unsigned hints) {
  (void)s;
  (void)hints;
}
void screen_leave(struct screen *s) { s->leave = s->decided; }

/* A message begins after 200 ms of quiet, and 100 ms of sound stop it. */
static int one_of_message(struct screen *s, int size, struct screen_event *out) {
  if (!s->leave) return 0;
  s->over = size > 1000 ? s->over + 1 : 0;
  if (!s->begun && s->at - s->quiet_from == 1600) {
    s->begun = true;
    *out = (struct screen_event){.kind = SCREEN_MESSAGE_BEGIN, .sample = s->at, .reason = REASON_BEEP};
    return 1;
  }
  if (!s->begun || s->over < 800) return 0;
  s->leave = s->begun = s->decided = s->ended = false;
  s->decided_at = 0;
  *out = (struct screen_event){.kind = SCREEN_MESSAGE_STOP, .sample = s->at};
  return 1;
}

void screen_release(struct screen *s) { memset(s, 0xee, sizeof *s); }

static int one_sample(struct screen *s, int v, struct screen_event *out) {
  int n = 0;
  int size = v < 0 ? -v : v;
  s->at++;
  n += one_of_message(s, size, out + n);
  if (s->decided && !s->decided_at) s->decided_at = s->at;
  s->loud = size > 24000 ? s->loud + 1 : 0;
  s->busy = size > 16000 && size <= 24000 ? s->busy + 1 : 0;
  if (size > 1000) {
    if (!s->speech) out[n++] = (struct screen_event){.kind = SCREEN_SPEECH_START, .sample = s->at};
    s->speech = true;
    s->quiet_from = s->at;
  }
  if (s->busy == 800 && !s->toned) {
    s->toned = true;
    out[n++] = (struct screen_event){.kind = SCREEN_TONE, .sample = s->at, .verdict = VERDICT_BUSY_TONE, .reason = REASON_BUSY_TONE};
  }
  if (s->loud == 800 && !s->decided && s->answered) {
    s->decided = true;
    out[n++] = (struct screen_event){.kind = SCREEN_DECISION, .sample = s->at, .verdict = VERDICT_MACHINE, .reason = REASON_BEEP};
  }
  if (s->loud == 800 && s->decided && s->answered && !s->late && s->at > s->decided_at + 1600) {
    s->late = true;
    out[n++] = (struct screen_event){.kind = SCREEN_LATE_MACHINE, .sample = s->at, .verdict = VERDICT_MACHINE, .reason = REASON_BEEP};
  }
  if (s->speech && !s->ended && s->at - s->quiet_from >= 3200) {
    s->ended = true;
    out[n++] = (struct screen_event){.kind = SCREEN_GREETING_END, .sample = s->quiet_from};
    if (!s->decided && s->answered)
      out[n++] =
          (struct screen_event){.kind = SCREEN_DECISION, .sample = s->at, .verdict = VERDICT_PERSON, .reason = REASON_SHORT_GREETING};
    s->decided = s->decided || s->answered;
  }
  return n;
}

int screen_feed(struct screen *s, const int16_t *samples, int count, struct screen_event *out) {
  int n = 0;
  for (int i = 0; i < count; i++) n += one_sample(s, samples[i], out + n);
  return n;
}

int screen_loss(struct screen *s, int count, struct screen_event *out) {
  int n = 0;
  for (int i = 0; i < count; i++) n += one_sample(s, 0, out + n);
  return n;
}
#endif
