/* music.c — plays the music of the queues into a WAV file at build time: slow broken chords, made here and owed to nobody.
 *
 * usage: music FILE
 * Written: 8 kHz mono, 16 bit, 32 s that begin and end in silence, so that it may go round and round; active level -20 dBm0. */
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>

enum { RATE_HZ = 8000, BARS = 8, NOTES = 8, NOTE_MS = 500, SAMPLES = RATE_HZ / 1000 * NOTE_MS * NOTES * BARS };

/* A plucked string: a few partials, each dying faster than the one below. */
static void pluck(float *out, int at, double hz, double loud) {
  const int length = RATE_HZ * 2;
  for (int i = 0; i < length && at + i < SAMPLES; i++) {
    double t = (double)i / RATE_HZ, sum = 0, attack = t < 0.008 ? t / 0.008 : 1;
    for (int k = 1; k <= 4 && hz * k < 3400; k++) sum += sin(2 * M_PI * hz * k * t) * exp(-t * (1.6 + 1.3 * k)) / (k * k);
    out[at + i] += (float)(loud * attack * sum);
  }
}

int main(int argc, char **argv) {
  /* Semitones above A3: the chords of eight bars, two of each, and the order in which their notes are plucked. */
  static const int CHORDS[BARS][4] = {{3, 7, 10, 15}, {0, 3, 7, 12}, {-4, 0, 3, 8}, {-2, 2, 5, 10},
                                      {3, 7, 10, 15}, {-5, 0, 3, 7}, {-4, 0, 3, 8}, {-2, 2, 5, 10}};
  static const int ORDER[NOTES] = {0, 1, 2, 3, 2, 1, 2, 1};
  float *out = calloc(SAMPLES, sizeof *out);
  SF_INFO info = {.samplerate = RATE_HZ, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
  SNDFILE *file = argc == 2 && out ? sf_open(argv[1], SFM_WRITE, &info) : NULL;
  if (!file) {
    fprintf(stderr, "usage: music FILE\n");
    return 2;
  }
  for (int bar = 0; bar < BARS; bar++)
    for (int n = 0; n < NOTES; n++)
      pluck(out, (bar * NOTES + n) * NOTE_MS * RATE_HZ / 1000, 220 * pow(2, CHORDS[bar][ORDER[n]] / 12.0), n == 0 ? 1.0 : 0.7);
  double power = 0;
  for (int i = 0; i < SAMPLES; i++) {
    int left = SAMPLES - i;
    if (left < RATE_HZ / 2) out[i] *= (float)left / (RATE_HZ / 2);
    power += (double)out[i] * out[i];
  }
  const double gain = 0.0697 / sqrt(power / SAMPLES); /* -20 dBm0; 0 dBm0 is 3.14 dB below a full sine */
  for (int i = 0; i < SAMPLES; i++) out[i] *= (float)gain;
  int good = sf_writef_float(file, out, SAMPLES) == SAMPLES;
  good = sf_close(file) == 0 && good;
  free(out);
  return good ? 0 : 1;
}
