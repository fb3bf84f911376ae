/* fingerprint.h — a robust hash of the first words of a call: the same recording again, or not.
 *
 * Every 10 ms from the first speech on, eight bits say which of two neighbouring bands gained on the
 * other over the last 40 ms. Level, line colour and G.711 hardly change them. A fingerprint keeps
 * every fourth of them, 2.2 s in all; two of the same recording differ in few bits, any
 * two others in about half. Known ones are compared at many offsets, since speech is never found at
 * quite the same moment. Pure. Owner: whoever holds the memory. */
#ifndef DSP_FINGERPRINT_H
#define DSP_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>

enum { PRINT_FRAMES = 56, PRINT_STEP_HOPS = 4, PRINT_SLACK_HOPS = 16, PRINT_SET_MAX = 64, PRINT_LOUD_MIN = 34 };
/* Share of differing bits in ten-thousandths at most: two of one recording. Nearly all copies whose first word was found at the
 * same place lie under it, and one pair in 60,000 of a person's and a machine's greeting. */
enum { PRINT_SAME_BP = 1800 };

struct fingerprint {
  uint8_t bits[PRINT_FRAMES];
  uint8_t loud[PRINT_FRAMES / 8]; /* a bit for each frame that has sound: silence is alike everywhere and not compared */
};
struct print_set {
  uint32_t count;
  struct fingerprint print[PRINT_SET_MAX];
  bool screening[PRINT_SET_MAX]; /* a robot that asks who is calling and why; else a mailbox or an announcement */
};

static inline bool print_loud(const struct fingerprint *p, int frame) { return p->loud[frame / 8] >> frame % 8 & 1; }

static inline unsigned print_ones(uint8_t v) {
  v = (uint8_t)(v - (v >> 1 & 0x55u));
  v = (uint8_t)((v & 0x33u) + (v >> 2 & 0x33u));
  return (unsigned)(v + (v >> 4)) & 0x0fu;
}

/* Differing bits of two fingerprints in ten-thousandths, at the best shift of up to 160 ms. */
static inline uint32_t print_compare(const struct fingerprint *a, const struct fingerprint *b) {
  uint32_t best = 10000;
  for (int shift = -4; shift <= 4; shift++) {
    uint32_t wrong = 0, all = 0;
    for (int i = 0; i < PRINT_FRAMES; i++) {
      const int j = i + shift;
      if (j < 0 || j >= PRINT_FRAMES || !print_loud(a, i)) continue;
      wrong += print_ones((uint8_t)(a->bits[i] ^ b->bits[j]));
      all += 8;
    }
    if (all && wrong * 10000u / all < best) best = wrong * 10000u / all;
  }
  return best;
}

#endif
