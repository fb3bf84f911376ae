#include "dialer/media/prompt.h"
#include "dialer/base/mail.h"
#include <cadencia/err.h>
#include <dsp/codec.h>
#include <dsp/wav.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 440 Hz for 120 ms at -16 dBm0 with 10 ms edges, then 30 ms of nothing: short, not startling, and the customer's
 * first words are heard under it. */
static void tone_make(int16_t out[PROMPT_TONE_SAMPLES]) {
  enum { SOUND = 960, EDGE = 80 };
  memset(out, 0, PROMPT_TONE_SAMPLES * sizeof *out);
  for (int i = 0; i < SOUND; i++) {
    int edge = i < SOUND - 1 - i ? i : SOUND - 1 - i;
    double gain = edge < EDGE ? 0.5 - 0.5 * cos(M_PI * edge / EDGE) : 1.0;
    out[i] = (int16_t)lrint(gain * 3600.0 * sin(2 * M_PI * 440.0 * i / 8000.0));
  }
}

void prompt_store_open(struct prompt_store *store) {
  memset(store->prompts, 0, sizeof store->prompts);
  atomic_init(&store->count, 0);
  tone_make(store->tone);
}

void prompt_store_close(struct prompt_store *store) {
  for (unsigned i = 1; i <= PROMPTS_MAX; i++) {
    free(store->prompts[i].law[0]);
    free(store->prompts[i].law[1]);
  }
}

const struct prompt *prompt_find(struct prompt_store *store, unsigned index) {
  if (index == 0 || index > atomic_load_explicit(&store->count, memory_order_acquire)) return NULL;
  return &store->prompts[index];
}

static int encode(struct prompt *p, const int16_t *pcm, size_t count) {
  size_t padded = (count + RTP_FRAME_SAMPLES - 1) / RTP_FRAME_SAMPLES * RTP_FRAME_SAMPLES;
  static const int16_t silence[RTP_FRAME_SAMPLES];
  static const uint8_t types[2] = {CODEC_PCMU, CODEC_PCMA};
  for (int law = 0; law < 2; law++) {
    p->law[law] = malloc(padded);
    if (!p->law[law]) return CAD_ENOMEM;
    codec_encode(types[law], pcm, (int)count, p->law[law]);
    codec_encode(types[law], silence, (int)(padded - count), p->law[law] + count);
  }
  p->samples = (uint32_t)padded;
  return CAD_OK;
}

int prompt_load(struct prompt_store *store, const char *dir, const char *name) {
  unsigned count = atomic_load_explicit(&store->count, memory_order_relaxed);
  size_t length = strlen(name);
  if (length == 0 || length >= PROMPT_NAME_MAX || strchr(name, '/')) return CAD_EINVAL;
  for (unsigned i = 1; i <= count; i++) {
    if (strcmp(store->prompts[i].name, name) == 0) return (int)i;
  }
  if (count == PROMPTS_MAX) return CAD_EFULL;
  char path[1024];
  if ((size_t)snprintf(path, sizeof path, "%s/%s", dir ? dir : ".", name) >= sizeof path) return CAD_EINVAL;
  int16_t *pcm = NULL;
  size_t samples = 0;
  int err = wav_read(path, PROMPT_SAMPLES_MAX, &pcm, &samples);
  if (err != CAD_OK) return err;
  struct prompt *p = &store->prompts[count + 1];
  err = encode(p, pcm, samples);
  free(pcm);
  if (err != CAD_OK) {
    free(p->law[0]);
    p->law[0] = NULL;
    return err;
  }
  memcpy(p->name, name, length + 1);
  atomic_store_explicit(&store->count, count + 1, memory_order_release);
  return (int)(count + 1);
}
