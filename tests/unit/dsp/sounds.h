/* sounds.h — audio made by program for the tests of the engine: tones, noise, something like speech. */
#ifndef TEST_DSP_SOUNDS_H
#define TEST_DSP_SOUNDS_H

#include <dsp/codec.h>
#include <dsp/screen.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 8000, SOUND_MAX = RATE * 20, HEARD_MAX = 256 };

struct sound {
  float x[SOUND_MAX];
  int n;
};
struct heard {
  struct screen_event e[HEARD_MAX];
  int n;
};

static uint32_t dice_state = 1;
static inline void dice_seed(uint32_t seed) { dice_state = seed * 2654435761u + 12345u; }
static inline double dice(void) { /* 0 to 1 */
  dice_state = dice_state * 1664525u + 1013904223u;
  return (double)(dice_state >> 8) / 16777216.0;
}
static inline double dice_between(double a, double b) { return a + (b - a) * dice(); }

/* dBm0 of a sine to its amplitude: 0 dBm0 is 3.17 dB under the clip. */
static inline double amplitude(double dbm0) { return 32767.0 * pow(10.0, (dbm0 - 3.17) / 20.0); }

static inline void sound_clear(struct sound *s) { s->n = 0; }
static inline void add_silence(struct sound *s, int ms) {
  for (int i = 0; i < ms * 8 && s->n < SOUND_MAX; i++) s->x[s->n++] = 0.0f;
}
static inline void add_tone(struct sound *s, int ms, double hz1, double hz2, double dbm0) {
  const double pi2 = 6.283185307179586, a = amplitude(dbm0) * (hz2 > 0.0 ? 0.7071 : 1.0);
  for (int i = 0; i < ms * 8 && s->n < SOUND_MAX; i++) {
    const double t = (double)i / RATE;
    s->x[s->n++] = (float)(a * sin(pi2 * hz1 * t) + (hz2 > 0.0 ? a * sin(pi2 * hz2 * t) : 0.0));
  }
}
static inline void add_noise(struct sound *s, int from, int to, double dbm0) {
  const double a = amplitude(dbm0) * 1.2247;
  for (int i = from; i < to && i < s->n; i++) s->x[i] += (float)(a * dice_between(-1.0, 1.0));
}

/* Syllables of 160-240 ms: a pulse train with a moving pitch through two resonances. */
static inline void add_speech(struct sound *s, int ms, double pitch_hz, double dbm0) {
  const int end = s->n + ms * 8;
  double phase = 0.0, y1 = 0.0, y2 = 0.0, z1 = 0.0, z2 = 0.0;
  const int begin = s->n;
  double energy = 0.0;
  while (s->n < end && s->n < SOUND_MAX) {
    const int length = (int)dice_between(1280, 1920);
    const double f1 = dice_between(300, 800), f2 = dice_between(1000, 2400), bend = dice_between(-0.15, 0.15);
    const double g1 = dice_between(300, 800), g2 = dice_between(1000, 2400); /* where the mouth goes */
    for (int i = 0; i < length && s->n < end && s->n < SOUND_MAX; i++) {
      const double part = (double)i / length, f0 = pitch_hz * (1.0 + bend * part);
      phase += f0 / RATE;
      double pulse = 0.0;
      if (phase >= 1.0) {
        phase -= 1.0;
        pulse = 1.0;
      }
      pulse += dice_between(-0.02, 0.02);
      const double c1 = 2.0 * 0.96 * cos(6.2832 * (f1 + (g1 - f1) * part) / RATE),
                   c2 = 2.0 * 0.94 * cos(6.2832 * (f2 + (g2 - f2) * part) / RATE);
      const double y = pulse + c1 * y1 - 0.96 * 0.96 * y2, z = pulse + c2 * z1 - 0.94 * 0.94 * z2;
      y2 = y1, y1 = y, z2 = z1, z1 = z;
      const double v = (y + 0.5 * z) * (0.05 + sin(3.14159 * part));
      s->x[s->n++] = (float)v;
      energy += v * v;
    }
  }
  const double gain = s->n > begin ? amplitude(dbm0) * 0.7071 / sqrt(energy / (s->n - begin) + 1e-9) : 0.0;
  for (int i = begin; i < s->n; i++) s->x[i] = (float)(s->x[i] * gain);
}

/* Through G.711 (0 PCMU, 8 PCMA, -1 as it is), with lost packets of 20 ms as zeros. */
static inline void sound_line(const struct sound *s, int payload_type, double loss, int16_t *out) {
  for (int i = 0; i < s->n; i++) {
    const float v = s->x[i] > 32767.0f ? 32767.0f : s->x[i] < -32768.0f ? -32768.0f : s->x[i];
    out[i] = (int16_t)lrintf(v);
  }
  if (payload_type >= 0) {
    static uint8_t code[SOUND_MAX];
    codec_encode(payload_type, out, s->n, code);
    codec_decode(payload_type, code, s->n, out);
  }
  for (int i = 0; loss > 0.0 && i + 160 <= s->n; i += 160)
    if (dice() < loss) memset(out + i, 0, 160 * sizeof *out);
}

static inline void heard_take(struct heard *h, const struct screen_event *events, int n) {
  for (int i = 0; i < n && h->n < HEARD_MAX; i++) h->e[h->n++] = events[i];
}
static inline void listen_to(struct heard *h, const struct screen_params *params, const int16_t *x, int n, int block) {
  static _Alignas(16) unsigned char memory[16384];
  struct screen *screen = screen_init(memory, params, true);
  struct screen_event events[SCREEN_EVENTS_MAX];
  h->n = 0;
  for (int at = 0; at < n; at += block) {
    const int size = n - at < block ? n - at : block;
    heard_take(h, events, screen_feed(screen, x + at, size, events));
  }
  for (int got; (got = screen_feed(screen, NULL, 0, events)) > 0;) heard_take(h, events, got);
  screen_release(screen);
}
static inline const struct screen_event *first_of(const struct heard *h, enum screen_event_kind kind) {
  for (int i = 0; i < h->n; i++)
    if (h->e[i].kind == kind) return &h->e[i];
  return NULL;
}
static inline enum screen_tone tone_of(const struct heard *h) {
  const struct screen_event *e = first_of(h, SCREEN_TONE);
  return e ? (enum screen_tone)e->tone : SCREEN_TONE_NONE;
}

#endif
