/* sampler.h — the first 8 s of a few answered calls, kept as WAV so that people can say what they were.
 *
 * Only calls of campaigns that state a legal basis are ever taken. The beat copies into a
 * buffer of a small pool; a thread of its own writes DIR/CALL.DAYS.wav, takes away what is older than its DAYS
 * and, beyond SAMPLER_FILES_MAX, the oldest. Nothing waits: no free buffer, no sample. Source: sampler.c */
#ifndef CADENCIA_MEDIA_SAMPLER_H
#define CADENCIA_MEDIA_SAMPLER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { SAMPLE_SAMPLES = 64000, SAMPLER_BUFFERS = 8, SAMPLER_FILES_MAX = 2000, SAMPLER_DAYS_MAX = 365 };

struct sample {
  atomic_int state; /* free, taking (the beat's), ready (the writer's) */
  uint64_t call;
  uint16_t days;
  uint32_t count;
  int16_t audio[SAMPLE_SAMPLES];
};
struct sampler {
  char dir[256];
  int wake_fd;
  atomic_bool stopping;
  bool started;
  pthread_t id;
  struct sample *pool; /* SAMPLER_BUFFERS */
  atomic_uint written;
};

/* dir NULL or "": nothing is ever taken. CAD_OK, CAD_EINVAL, CAD_ENOMEM, CAD_EIO. */
int sampler_open(struct sampler *s, const char *dir);
/* Writes what is ready. Takes a sampler that was never opened. */
void sampler_close(struct sampler *s);
/* The beat's thread: NULL when none is free. */
struct sample *sampler_take(struct sampler *s, uint64_t call, uint16_t days);
/* audio NULL: n samples that were lost. Beyond 8 s nothing more is kept. */
void sample_hear(struct sample *sample, const int16_t *audio, int n);
/* Back to the pool, by way of the disk if it is to be kept. Returns NULL. */
struct sample *sampler_put(struct sampler *s, struct sample *sample, bool keep);
/* What the thread does to the folder now and then; now_s: seconds since 1970. Returns how many files went. */
int sampler_prune(const char *dir, int64_t now_s);

#endif
