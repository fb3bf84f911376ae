#include "dialer/media/sampler.h"
#include <cadencia/err.h>
#include <dsp/wav.h>
#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FREE = 0, TAKING, READY };
enum { PRUNE_MS = 600000, PATH_ROOM = 320, DAY_S = 86400 };

/* "CALL.DAYS.wav"; false for any other name: what is not ours is not touched. */
static bool name_read(const char *name, uint64_t *call, unsigned *days) {
  int end = 0;
  return sscanf(name, "%" SCNu64 ".%u.wav%n", call, days, &end) == 2 && end > 0 && name[end] == 0;
}

struct kept {
  char name[64];
  int64_t at_s;
};
static int by_age(const void *a, const void *b) {
  const int64_t x = ((const struct kept *)a)->at_s, y = ((const struct kept *)b)->at_s;
  return (x > y) - (x < y);
}

static int drop(const char *dir, const char *name) {
  char path[PATH_ROOM];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return unlink(path) == 0;
}

int sampler_prune(const char *dir, int64_t now_s) {
  DIR *d = opendir(dir);
  struct kept *kept = calloc(SAMPLER_FILES_MAX * 2, sizeof *kept);
  int count = 0, gone = 0;
  for (struct dirent *e; d && kept && (e = readdir(d));) {
    uint64_t call;
    unsigned days;
    char path[PATH_ROOM];
    struct stat st;
    if (!name_read(e->d_name, &call, &days) || strlen(e->d_name) >= sizeof kept->name) continue;
    if (snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= PATH_ROOM || stat(path, &st) != 0) continue;
    if (st.st_mtime + (int64_t)days * DAY_S <= now_s) {
      gone += drop(dir, e->d_name);
    } else if (count < SAMPLER_FILES_MAX * 2) {
      memcpy(kept[count].name, e->d_name, strlen(e->d_name) + 1);
      kept[count++].at_s = st.st_mtime;
    }
  }
  if (d) closedir(d);
  if (kept && count > SAMPLER_FILES_MAX) {
    qsort(kept, (size_t)count, sizeof *kept, by_age);
    for (int i = 0; i < count - SAMPLER_FILES_MAX; i++) gone += drop(dir, kept[i].name);
  }
  free(kept);
  return gone;
}

static void write_out(struct sampler *s, struct sample *sample) {
  char path[PATH_ROOM], part[PATH_ROOM];
  snprintf(part, sizeof part, "%s/.%" PRIu64 ".part", s->dir, sample->call);
  snprintf(path, sizeof path, "%s/%" PRIu64 ".%u.wav", s->dir, sample->call, sample->days);
  if (wav_write(part, sample->audio, sample->count) == CAD_OK && rename(part, path) == 0)
    atomic_fetch_add(&s->written, 1);
  else
    unlink(part);
}

static void write_ready(struct sampler *s) {
  for (int i = 0; i < SAMPLER_BUFFERS; i++) {
    struct sample *sample = &s->pool[i];
    if (atomic_load_explicit(&sample->state, memory_order_acquire) != READY) continue;
    write_out(s, sample);
    atomic_store_explicit(&sample->state, FREE, memory_order_release);
  }
}

static void *run(void *arg) {
  struct sampler *s = arg;
  sampler_prune(s->dir, time(NULL));
  while (!atomic_load_explicit(&s->stopping, memory_order_acquire)) {
    struct pollfd fd = {s->wake_fd, POLLIN, 0};
    uint64_t count;
    if (poll(&fd, 1, PRUNE_MS) > 0 && read(s->wake_fd, &count, sizeof count) < 0) continue;
    write_ready(s);
    sampler_prune(s->dir, time(NULL));
  }
  write_ready(s);
  return NULL;
}

int sampler_open(struct sampler *s, const char *dir) {
  memset(s, 0, sizeof *s);
  s->wake_fd = -1;
  if (!dir || !dir[0]) return CAD_OK;
  if (snprintf(s->dir, sizeof s->dir, "%s", dir) >= (int)sizeof s->dir) return CAD_EINVAL;
  s->pool = calloc(SAMPLER_BUFFERS, sizeof *s->pool);
  s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (!s->pool || s->wake_fd < 0) return CAD_ENOMEM;
  mkdir(s->dir, 0700); /* people's voices: for the operator alone */
  if (access(s->dir, W_OK) != 0) return CAD_EIO;
  s->started = pthread_create(&s->id, NULL, run, s) == 0;
  return s->started ? CAD_OK : CAD_ENOMEM;
}

void sampler_close(struct sampler *s) {
  if (s->started) {
    const uint64_t one = 1;
    atomic_store_explicit(&s->stopping, true, memory_order_release);
    if (write(s->wake_fd, &one, sizeof one) == (ssize_t)sizeof one) pthread_join(s->id, NULL);
  }
  if (s->pool) {
    close(s->wake_fd);
    free(s->pool);
  }
  memset(s, 0, sizeof *s);
}

struct sample *sampler_take(struct sampler *s, uint64_t call, uint16_t days) {
  for (int i = 0; s->started && i < SAMPLER_BUFFERS; i++) {
    struct sample *sample = &s->pool[i];
    if (atomic_load_explicit(&sample->state, memory_order_acquire) != FREE) continue;
    atomic_store_explicit(&sample->state, TAKING, memory_order_relaxed);
    sample->call = call;
    sample->days = days;
    sample->count = 0;
    return sample;
  }
  return NULL;
}

void sample_hear(struct sample *sample, const int16_t *audio, int n) {
  if (n > (int)(SAMPLE_SAMPLES - sample->count)) n = (int)(SAMPLE_SAMPLES - sample->count);
  if (n <= 0) return;
  if (audio)
    memcpy(sample->audio + sample->count, audio, (size_t)n * sizeof *audio);
  else
    memset(sample->audio + sample->count, 0, (size_t)n * sizeof *sample->audio);
  sample->count += (uint32_t)n;
}

struct sample *sampler_put(struct sampler *s, struct sample *sample, bool keep) {
  if (!sample) return NULL;
  keep = keep && sample->count > 0;
  atomic_store_explicit(&sample->state, keep ? READY : FREE, memory_order_release);
  const uint64_t one = 1;
  if (keep && write(s->wake_fd, &one, sizeof one) < 0) return NULL; /* the writer is awake already */
  return NULL;
}
