#include "dsp/fft.h"
#include <math.h>
#include <pthread.h>

/* The even samples are the real, the odd the imaginary part of one complex transform of half
 * the size, which is then split. */
enum { HALF = FFT_SIZE / 2, LOG_HALF = 7 };

static float hann[FFT_SIZE];
static float cosine[HALF], sine[HALF]; /* of 2 pi k / FFT_SIZE */
static unsigned char reversed[HALF];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill_tables(void) {
  const double pi = 3.14159265358979323846;
  for (int i = 0; i < FFT_SIZE; i++) hann[i] = (float)(0.5 - 0.5 * cos(2.0 * pi * i / FFT_SIZE));
  for (int k = 0; k < HALF; k++) {
    cosine[k] = (float)cos(2.0 * pi * k / FFT_SIZE);
    sine[k] = (float)-sin(2.0 * pi * k / FFT_SIZE);
    unsigned r = 0;
    for (unsigned b = 0; b < LOG_HALF; b++) r |= ((unsigned)k >> b & 1u) << (LOG_HALF - 1 - b);
    reversed[k] = (unsigned char)r;
  }
}

void fft_prepare(void) { pthread_once(&once, fill_tables); }

void fft_power(const float *samples, float *power) {
  float re[HALF], im[HALF];
  for (int i = 0; i < HALF; i++) {
    const int j = reversed[i];
    re[j] = samples[2 * i] * hann[2 * i];
    im[j] = samples[2 * i + 1] * hann[2 * i + 1];
  }
  for (int size = 2; size <= HALF; size *= 2) {
    const int half = size / 2, stride = FFT_SIZE / size;
    for (int base = 0; base < HALF; base += size)
      for (int k = 0; k < half; k++) {
        const float c = cosine[k * stride], s = sine[k * stride];
        const int a = base + k, b = a + half;
        const float tr = re[b] * c - im[b] * s, ti = re[b] * s + im[b] * c;
        re[b] = re[a] - tr;
        im[b] = im[a] - ti;
        re[a] += tr;
        im[a] += ti;
      }
  }
  power[0] = (re[0] + im[0]) * (re[0] + im[0]);
  power[HALF] = (re[0] - im[0]) * (re[0] - im[0]);
  for (int k = 1; k < HALF; k++) {
    const int m = HALF - k;
    const float er = 0.5f * (re[k] + re[m]), ei = 0.5f * (im[k] - im[m]);
    const float dr = 0.5f * (im[k] + im[m]), di = -0.5f * (re[k] - re[m]);
    const float xr = er + cosine[k] * dr - sine[k] * di, xi = ei + cosine[k] * di + sine[k] * dr;
    power[k] = xr * xr + xi * xi;
  }
}
