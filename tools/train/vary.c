#include "tools/train/vary.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <bcg729/decoder.h>
#include <bcg729/encoder.h>
#include <spandsp.h>

enum { RATE = 8000, PACKET = 160, LEAD_MORE_MAX = 3200, FADE = 40, GSM_FRAME = 160, G729_FRAME = 80 };

struct call {
  float *x;
  size_t n, room, onset; /* onset: first sample of speech */
  uint32_t dice;
};

static const char *const NAMES[VARY_COUNT] = {"as it is",
                                              "silence before the first word",
                                              "white noise before, -55 dBm0",
                                              "pink noise before, -40 dBm0",
                                              "speech at -40 dBm0",
                                              "speech at -30 dBm0",
                                              "speech at -20 dBm0",
                                              "speech at -10 dBm0",
                                              "speech at -5 dBm0",
                                              "DC offset 600",
                                              "clipped by 12 dB",
                                              "5 % of packets lost",
                                              "GSM 06.10",
                                              "GSM 06.10 twice",
                                              "line noise -50 dBm0",
                                              "G.729",
                                              "G.729 after GSM 06.10",
                                              "G.729, 5 % of frames lost"};

const char *vary_name(enum vary vary) { return (unsigned)vary < VARY_COUNT ? NAMES[vary] : "random"; }

static float dice(struct call *c) { /* 0 to 1 */
  c->dice = c->dice * 1664525u + 1013904223u;
  return (float)(c->dice >> 8) / 16777216.0f;
}
static float between(struct call *c, float a, float b) { return a + (b - a) * dice(c); }
static float gauss(struct call *c) {
  float sum = 0.0f;
  for (int i = 0; i < 6; i++) sum += dice(c);
  return (sum - 3.0f) * 1.41421356f;
}
static float rms_of(float dbm0) { return 15769.0f * powf(10.0f, dbm0 / 20.0f); }

static void add_noise(struct call *c, size_t from, size_t to, float dbm0, bool pink) {
  float a = 0.0f, b = 0.0f, d = 0.0f;
  const float rms = rms_of(dbm0);
  for (size_t i = from; i < to; i++) {
    const float w = gauss(c);
    a = 0.99f * a + 0.14f * w;
    b = 0.93f * b + 0.26f * w;
    d = 0.6f * d + 0.5f * w;
    c->x[i] += rms * (pink ? 0.62f * (a + b + d) : w);
  }
}

static void replace_before(struct call *c, float dbm0, bool pink) {
  for (size_t i = 0; i < c->onset; i++) {
    const size_t left = c->onset - i;
    c->x[i] *= left < FADE ? 1.0f - (float)left / FADE : 0.0f;
  }
  if (dbm0 > -90.0f) add_noise(c, 0, c->onset, dbm0, pink);
}

/* Mean level of the packets within 15 dB of the loudest. */
static float speech_dbm0(const struct call *c) {
  float loudest = 0.0f;
  for (int round = 0; round < 2; round++) {
    float sum = 0.0f;
    int packets = 0;
    for (size_t at = 0; at + PACKET <= c->n; at += PACKET) {
      float e = 0.0f;
      for (size_t i = at; i < at + PACKET; i++) e += c->x[i] * c->x[i];
      e /= PACKET;
      if (!round) loudest = fmaxf(loudest, e);
      if (round && e > loudest / 31.6f) sum += e, packets++;
    }
    if (round) return packets ? 20.0f * log10f(sqrtf(sum / (float)packets) / 15769.0f) : -100.0f;
  }
  return -100.0f;
}

static void gain(struct call *c, float db) {
  const float g = powf(10.0f, db / 20.0f);
  for (size_t i = 0; i < c->n; i++) c->x[i] *= g;
}
static void set_level(struct call *c, float dbm0) {
  const float now = speech_dbm0(c);
  if (now > -90.0f) gain(c, dbm0 - now);
}
static float cut(float x) { return x > 32767.0f ? 32767.0f : x < -32768.0f ? -32768.0f : x; }
static void clip(struct call *c, float over_db) {
  float peak = 1.0f;
  for (size_t i = 0; i < c->n; i++) peak = fmaxf(peak, fabsf(c->x[i]));
  const float limit = peak * powf(10.0f, -over_db / 20.0f);
  for (size_t i = 0; i < c->n; i++) c->x[i] = fmaxf(fminf(c->x[i], limit), -limit);
}
static void lose(struct call *c, float share) {
  for (size_t at = 0; at + PACKET <= c->n; at += PACKET)
    if (dice(c) < share) memset(c->x + at, 0, PACKET * sizeof *c->x);
}

static void gsm(struct call *c) {
  gsm0610_state_t *in = gsm0610_init(NULL, GSM0610_PACKING_NONE), *out = gsm0610_init(NULL, GSM0610_PACKING_NONE);
  for (size_t at = 0; in && out && at + GSM_FRAME <= c->n; at += GSM_FRAME) {
    int16_t pcm[GSM_FRAME];
    uint8_t code[128];
    for (int i = 0; i < GSM_FRAME; i++) pcm[i] = (int16_t)cut(c->x[at + (size_t)i]);
    const int bytes = gsm0610_encode(in, code, pcm, GSM_FRAME);
    gsm0610_decode(out, pcm, code, bytes);
    for (int i = 0; i < GSM_FRAME; i++) c->x[at + (size_t)i] = (float)pcm[i];
  }
  gsm0610_free(in);
  gsm0610_free(out);
}

static void g729(struct call *c, float lost) { /* lost: share of frames that the decoder must conceal */
  bcg729EncoderChannelContextStruct *in = initBcg729EncoderChannel(0);
  bcg729DecoderChannelContextStruct *out = initBcg729DecoderChannel();
  for (size_t at = 0; in && out && at + G729_FRAME <= c->n; at += G729_FRAME) {
    int16_t pcm[G729_FRAME];
    uint8_t code[10], bytes = 0;
    for (int i = 0; i < G729_FRAME; i++) pcm[i] = (int16_t)cut(c->x[at + (size_t)i]);
    bcg729Encoder(in, pcm, code, &bytes);
    bcg729Decoder(out, code, bytes, lost > 0.0f && dice(c) < lost, 0, 0, pcm);
    for (int i = 0; i < G729_FRAME; i++) c->x[at + (size_t)i] = (float)pcm[i];
  }
  if (in) closeBcg729EncoderChannel(in);
  if (out) closeBcg729DecoderChannel(out);
}

/* Another speed and, with it, another pitch. */
static void speed(struct call *c, float factor) {
  const size_t n = (size_t)((float)c->n / factor);
  float *y = n < c->room ? malloc(c->room * sizeof *y) : NULL;
  if (!y) return;
  for (size_t i = 0; i < n; i++) {
    const float at = (float)i * factor;
    const size_t k = (size_t)at;
    const float f = at - (float)k, a = k ? c->x[k - 1] : c->x[0], b = c->x[k], d = k + 1 < c->n ? c->x[k + 1] : b,
                e = k + 2 < c->n ? c->x[k + 2] : d;
    y[i] = b + 0.5f * f * (d - a + f * (2.0f * a - 5.0f * b + 4.0f * d - e + f * (3.0f * (b - d) + e - a)));
  }
  free(c->x);
  c->x = y;
  c->n = n;
  c->onset = (size_t)((float)c->onset / factor);
}

/* Moves the first word: by repeating or dropping what lies before it. */
static void delay(struct call *c, int samples) {
  if (samples < 0) {
    const size_t less = (size_t)-samples < c->onset ? (size_t)-samples : c->onset;
    memmove(c->x, c->x + less, (c->n - less) * sizeof *c->x);
    c->n -= less;
    c->onset -= less;
    return;
  }
  const size_t more = (size_t)samples, from = c->onset < more ? c->onset : more;
  if (c->n + more > c->room) return;
  memmove(c->x + more, c->x, c->n * sizeof *c->x);
  for (size_t i = 0; i < more; i++) c->x[i] = from ? c->x[more + i % from] : 0.0f;
  c->n += more;
  c->onset += more;
}

/* A room behind the whole call, between a hum and a hiss, from hardly heard to 8 dB under the voice: nobody is told by it. */
static void add_room(struct call *c) {
  const float colour = sqrtf(dice(c)) * 0.98f, rms = rms_of(speech_dbm0(c) - between(c, 8.0f, 45.0f)) * sqrtf(1.0f - colour * colour);
  float y = 0.0f;
  for (size_t i = 0; i < c->n; i++) {
    y = colour * y + gauss(c);
    c->x[i] += rms * y;
  }
}

static void at_random(struct call *c) {
  if (dice(c) < 0.7f) speed(c, between(c, 0.9f, 1.12f));
  if (c->onset && dice(c) < 0.7f) delay(c, (int)between(c, -1600.0f, 1600.0f));
  if (c->onset && dice(c) < 0.5f) replace_before(c, dice(c) < 0.4f ? -100.0f : between(c, -70.0f, -38.0f), dice(c) < 0.5f);
  if (dice(c) < 0.25f) add_noise(c, 0, c->n, between(c, -68.0f, -45.0f), dice(c) < 0.5f);
  if (dice(c) < 0.5f) add_room(c);
  if (dice(c) < 0.2f) clip(c, between(c, 3.0f, 15.0f));
  if (dice(c) < 0.7f) set_level(c, between(c, -40.0f, -5.0f));
  if (dice(c) < 0.25f) gsm(c);
  if (dice(c) < 0.2f) lose(c, between(c, 0.01f, 0.07f));
  if (dice(c) < 0.15f)
    for (size_t i = 0; i < c->n; i++) c->x[i] += 500.0f;
}

static void apply(struct call *c, enum vary vary) {
  switch (vary) {
  case VARY_SILENCE_BEFORE: replace_before(c, -100.0f, false); break;
  case VARY_WHITE_BEFORE: replace_before(c, -55.0f, false); break;
  case VARY_PINK_BEFORE: replace_before(c, -40.0f, true); break;
  case VARY_LEVEL_40: set_level(c, -40.0f); break;
  case VARY_LEVEL_30: set_level(c, -30.0f); break;
  case VARY_LEVEL_20: set_level(c, -20.0f); break;
  case VARY_LEVEL_10: set_level(c, -10.0f); break;
  case VARY_LEVEL_5: set_level(c, -5.0f); break;
  case VARY_OFFSET:
    for (size_t i = 0; i < c->n; i++) c->x[i] += 600.0f;
    break;
  case VARY_CLIP: clip(c, 12.0f); break;
  case VARY_LOSS: lose(c, 0.05f); break;
  case VARY_GSM_TWICE: gsm(c); /* fall through */
  case VARY_GSM: gsm(c); break;
  case VARY_LINE_NOISE: add_noise(c, 0, c->n, -50.0f, false); break;
  case VARY_GSM_G729: gsm(c); /* fall through */
  case VARY_G729: g729(c, 0.0f); break;
  case VARY_G729_LOSS: g729(c, 0.05f); break;
  case VARY_RANDOM: at_random(c); break;
  default: break;
  }
}

int16_t *vary_call(enum vary vary, uint32_t seed, const int16_t *samples, size_t count, double onset_ms, size_t *out_count) {
  struct call c = {.n = count, .room = count + count / 4 + LEAD_MORE_MAX, .dice = seed * 2654435761u + 12345u};
  c.onset = onset_ms > 20.0 ? (size_t)((onset_ms - 20.0) * RATE / 1000.0) : 0;
  if (c.onset > count) c.onset = count;
  c.x = calloc(c.room, sizeof *c.x);
  if (!c.x) return NULL;
  for (size_t i = 0; i < count; i++) c.x[i] = (float)samples[i];
  apply(&c, vary);
  int16_t *out = malloc((c.n + 1) * sizeof *out);
  for (size_t i = 0; out && i < c.n; i++) out[i] = (int16_t)lrintf(cut(c.x[i]));
  *out_count = c.n;
  free(c.x);
  return out;
}
