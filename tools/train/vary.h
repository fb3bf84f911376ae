/* vary.h — the same call over another line: for training and for the report on robustness.
 *
 * Deterministic: the same call, variation and seed give the same samples. */
#ifndef TRAIN_VARY_H
#define TRAIN_VARY_H

#include <stddef.h>
#include <stdint.h>

enum vary {
  VARY_NONE = 0,
  VARY_SILENCE_BEFORE, /* what lies before the first word becomes digital silence */
  VARY_WHITE_BEFORE,   /* ... white noise of -55 dBm0 */
  VARY_PINK_BEFORE,    /* ... pink noise of -40 dBm0 */
  VARY_LEVEL_40,       /* active speech at -40 dBm0 */
  VARY_LEVEL_30,
  VARY_LEVEL_20,
  VARY_LEVEL_10,
  VARY_LEVEL_5, /* the peaks clip where they must */
  VARY_OFFSET,  /* 600 of 32768 */
  VARY_CLIP,    /* 12 dB too loud, cut at full scale, then brought back */
  VARY_LOSS,    /* 5 % of the packets, nothing put in their place */
  VARY_GSM,     /* GSM 06.10 */
  VARY_GSM_TWICE,
  VARY_LINE_NOISE, /* white noise of -50 dBm0 all along */
  VARY_G729,
  VARY_GSM_G729,  /* a mobile phone, then a trunk that saves */
  VARY_G729_LOSS, /* 5 % of the frames lost and concealed */
  VARY_COUNT,
  VARY_RANDOM = VARY_COUNT /* for training: several at once, another speed, another delay */
};
const char *vary_name(enum vary vary);
/* onset_ms: of the first word; < 0: unknown. Returns a new array (free it) and its length; NULL: no memory. */
int16_t *vary_call(enum vary vary, uint32_t seed, const int16_t *samples, size_t count, double onset_ms, size_t *out_count);

#endif
