/* libsndfile brings the coders of five kinds of music with it. It is loaded for as long as a file is read or written, so that a daemon that
 * has its prompts does without their memory. */
#include <dsp/wav.h>
#include <cadencia/err.h>
#include <dlfcn.h>
#include <math.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WAV_HZ = 8000, WAV_RATE_MIN = 4000, WAV_RATE_MAX = 192000, WAV_CHANNELS_MAX = 8, CHUNK_FRAMES = 1024, LOBES = 24 };

struct sndfile {
  void *module;
  __typeof__(sf_open) *open;
  __typeof__(sf_close) *close;
  __typeof__(sf_error) *error;
  __typeof__(sf_readf_float) *readf_float;
  __typeof__(sf_write_short) *write_short;
};

static bool sndfile_load(struct sndfile *sf) {
  sf->module = dlopen("libsndfile.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!sf->module) return false;
  *(void **)&sf->open = dlsym(sf->module, "sf_open");
  *(void **)&sf->close = dlsym(sf->module, "sf_close");
  *(void **)&sf->error = dlsym(sf->module, "sf_error");
  *(void **)&sf->readf_float = dlsym(sf->module, "sf_readf_float");
  *(void **)&sf->write_short = dlsym(sf->module, "sf_write_short");
  if (sf->open && sf->close && sf->error && sf->readf_float && sf->write_short) return true;
  dlclose(sf->module);
  return false;
}

static int common_divisor(int a, int b) {
  while (b != 0) {
    int rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* All frames of the first channel. *frames_max bounds memory whatever the header claims. */
static int read_channel(const struct sndfile *sf, SNDFILE *file, int channels, size_t frames_max, float **out, size_t *count) {
  size_t room = 0, n = 0;
  float *all = NULL, chunk[CHUNK_FRAMES * WAV_CHANNELS_MAX];
  int err = CAD_OK;
  for (;;) {
    sf_count_t got = sf->readf_float(file, chunk, CHUNK_FRAMES);
    if (got <= 0) break;
    if (n + (size_t)got > frames_max) {
      err = CAD_EFULL;
      break;
    }
    if (n + (size_t)got > room) {
      room = room * 2 + CHUNK_FRAMES;
      float *more = realloc(all, room * sizeof *all);
      if (!more) {
        err = CAD_ENOMEM;
        break;
      }
      all = more;
    }
    for (sf_count_t i = 0; i < got; i++) all[n++] = chunk[i * channels];
  }
  if (err == CAD_OK && n == 0) err = CAD_EFORMAT;
  if (err != CAD_OK) {
    free(all);
    return err;
  }
  *out = all;
  *count = n;
  return CAD_OK;
}

static int16_t sample_of(double v) {
  double scaled = v * 32768.0;
  if (!(scaled < 32767.0)) return scaled >= 32767.0 ? 32767 : 0; /* the second case: not a number */
  return scaled < -32768.0 ? -32768 : (int16_t)lrint(scaled);
}

/* Hann-windowed sinc in `phases` tables: phase p of tap t stands at (t - half + 1 - p/phases) input samples. */
static float *filter_make(int phases, int half, double cutoff) {
  size_t taps = (size_t)half * 2;
  float *filter = malloc((size_t)phases * taps * sizeof *filter);
  if (!filter) return NULL;
  for (int p = 0; p < phases; p++) {
    double sum = 0, row[2 * 24 * 24 + 2];
    for (size_t t = 0; t < taps; t++) {
      double x = (double)t - (half - 1) - (double)p / phases;
      double sinc = fabs(x) < 1e-9 ? 1.0 : sin(M_PI * cutoff * x) / (M_PI * cutoff * x);
      row[t] = sinc * (0.5 + 0.5 * cos(M_PI * x / half));
      sum += row[t];
    }
    for (size_t t = 0; t < taps; t++) filter[(size_t)p * taps + t] = (float)(row[t] / sum); /* unity at 0 Hz in every phase */
  }
  return filter;
}

static int resample(const float *in, size_t count, int rate, int16_t *out, size_t out_count) {
  int divisor = common_divisor(rate, WAV_HZ), up = WAV_HZ / divisor, down = rate / divisor;
  double narrow = rate > WAV_HZ ? (double)WAV_HZ / rate : 1.0;
  int half = (int)ceil(LOBES / narrow);
  float *filter = filter_make(up, half, narrow * 0.94);
  if (!filter) return CAD_ENOMEM;
  size_t taps = (size_t)half * 2;
  for (size_t k = 0; k < out_count; k++) {
    uint64_t position = (uint64_t)k * (uint64_t)down;
    int64_t first = (int64_t)(position / (uint64_t)up) - (half - 1);
    const float *row = filter + (size_t)(position % (uint64_t)up) * taps;
    double sum = 0;
    for (size_t t = 0; t < taps; t++) {
      int64_t i = first + (int64_t)t;
      if (i >= 0 && (size_t)i < count) sum += (double)row[t] * (double)in[i];
    }
    out[k] = sample_of(sum);
  }
  free(filter);
  return CAD_OK;
}

static int convert(const float *all, size_t frames, int rate, size_t max_samples, int16_t **out, size_t *count) {
  size_t n = (size_t)((uint64_t)frames * WAV_HZ / (uint64_t)rate);
  if (n == 0) return CAD_EFORMAT;
  if (n > max_samples) return CAD_EFULL;
  int16_t *pcm = malloc(n * sizeof *pcm);
  if (!pcm) return CAD_ENOMEM;
  int err = CAD_OK;
  if (rate == WAV_HZ) {
    for (size_t i = 0; i < n; i++) pcm[i] = sample_of((double)all[i]);
  } else {
    err = resample(all, frames, rate, pcm, n);
  }
  if (err != CAD_OK) {
    free(pcm);
    return err;
  }
  *out = pcm;
  *count = n;
  return CAD_OK;
}

static int read_file(const struct sndfile *sf, const char *path, size_t max_samples, int16_t **out, size_t *count) {
  SF_INFO info;
  memset(&info, 0, sizeof info);
  SNDFILE *file = sf->open(path, SFM_READ, &info);
  if (!file) return sf->error(NULL) == SF_ERR_SYSTEM ? CAD_ENOENT : CAD_EFORMAT;
  float *all = NULL;
  size_t frames = 0;
  int err = CAD_EFORMAT;
  if (info.channels >= 1 && info.channels <= WAV_CHANNELS_MAX && info.samplerate >= WAV_RATE_MIN && info.samplerate <= WAV_RATE_MAX) {
    size_t frames_max = (size_t)((uint64_t)max_samples * (uint64_t)info.samplerate / WAV_HZ) + 1;
    err = read_channel(sf, file, info.channels, frames_max, &all, &frames);
  }
  if (err == CAD_OK) err = convert(all, frames, info.samplerate, max_samples, out, count);
  free(all);
  sf->close(file);
  return err;
}

static int write_file(const struct sndfile *sf, const char *path, const int16_t *samples, size_t count) {
  SF_INFO info;
  memset(&info, 0, sizeof info);
  info.samplerate = WAV_HZ;
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  SNDFILE *file = sf->open(path, SFM_WRITE, &info);
  if (!file) return CAD_EIO;
  bool good = sf->write_short(file, samples, (sf_count_t)count) == (sf_count_t)count;
  return sf->close(file) == 0 && good ? CAD_OK : CAD_EIO;
}

int wav_read(const char *path, size_t max_samples, int16_t **out, size_t *count) {
  struct sndfile sf;
  if (!sndfile_load(&sf)) return CAD_ENOSUP;
  int err = read_file(&sf, path, max_samples, out, count);
  dlclose(sf.module);
  return err;
}

int wav_write(const char *path, const int16_t *samples, size_t count) {
  struct sndfile sf;
  if (!sndfile_load(&sf)) return CAD_ENOSUP;
  int err = write_file(&sf, path, samples, count);
  dlclose(sf.module);
  return err;
}
