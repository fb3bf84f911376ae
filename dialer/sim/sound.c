#include "dialer/sim/sound.h"
#include <cadencia/err.h>
#include <dsp/wav.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SOUNDS_MAX = 8192, STEP = 80, PAUSE_STEPS = 40, SPECK_STEPS = 4 };

struct sound_bank {
  struct sound *sounds;
  int count, room;
};

struct sound_bank *sound_bank_create(void) {
  return calloc(1, sizeof(struct sound_bank));
}

struct sound_bank *sound_bank_destroy(struct sound_bank *bank) {
  if (bank == NULL) return NULL;
  for (int i = 0; i < bank->count; i++) {
    free(bank->sounds[i].path);
    free(bank->sounds[i].samples);
  }
  free(bank->sounds);
  free(bank);
  return NULL;
}

int sound_load(struct sound_bank *bank, const char *path) {
  for (int i = 0; i < bank->count; i++)
    if (strcmp(bank->sounds[i].path, path) == 0) return i;
  if (bank->count == SOUNDS_MAX) return CAD_EFULL;
  if (bank->count == bank->room) {
    int room = bank->room == 0 ? 64 : bank->room * 2;
    struct sound *more = realloc(bank->sounds, (size_t)room * sizeof *more);
    if (more == NULL) return CAD_ENOMEM;
    bank->sounds = more;
    bank->room = room;
  }
  struct sound s = {0};
  int err = wav_read(path, SOUND_MAX_SAMPLES, &s.samples, &s.count);
  if (err < 0) return err;
  s.path = strdup(path);
  if (s.path == NULL) {
    free(s.samples);
    return CAD_ENOMEM;
  }
  s.speech_end = sound_speech_end(s.samples, s.count);
  s.level_dbm0 = sound_active_level(s.samples, s.count);
  bank->sounds[bank->count] = s;
  return bank->count++;
}

const struct sound *sound_get(const struct sound_bank *bank, int index) {
  return index >= 0 && index < bank->count ? &bank->sounds[index] : NULL;
}

double sound_rms(double dbm0) { return 15769.0 * pow(10.0, dbm0 / 20.0); }

static double energy(const int16_t *x, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)x[i] * x[i];
  return n == 0 ? 0 : sum / (double)n;
}

double sound_level(const int16_t *samples, size_t count) {
  double e = energy(samples, count);
  return e < 0.25 ? -100.0 : 10.0 * log10(e / (15769.0 * 15769.0));
}

/* The energy that separates speech from silence in this file. */
static double speech_floor(const int16_t *samples, size_t count) {
  double loudest = 0, quiet = sound_rms(-45) * sound_rms(-45);
  for (size_t at = 0; at + STEP <= count; at += STEP) loudest = fmax(loudest, energy(samples + at, STEP));
  return fmax(quiet, loudest / 316.0);
}

size_t sound_speech_end(const int16_t *samples, size_t count) {
  double least = speech_floor(samples, count);
  size_t steps = count / STEP, loud = 0, still = 0, end = 0;
  for (size_t i = 0; i < steps; i++) {
    if (energy(samples + i * STEP, STEP) > least) {
      loud++;
      if (loud >= SPECK_STEPS || (end > 0 && still < SPECK_STEPS)) {
        end = (i + 1) * STEP;
        still = 0;
        continue;
      }
    } else {
      loud = 0;
    }
    still++;
    if (end > 0 && still >= PAUSE_STEPS) return end;
  }
  return end;
}

double sound_active_level(const int16_t *samples, size_t count) {
  double least = speech_floor(samples, count), sum = 0;
  size_t loud = 0;
  for (size_t at = 0; at + STEP <= count; at += STEP) {
    double e = energy(samples + at, STEP);
    if (e > least) sum += e, loud++;
  }
  return loud == 0 ? -100.0 : 10.0 * log10(sum / (double)loud / (15769.0 * 15769.0));
}
