#include "dialer/sim/sound.h"
#include <math.h>

enum { TAG_SIDE = 31, CONNECT_TONE_HZ = 440 };

static void add(int16_t *out, double v) {
  double sum = *out + v;
  *out = sum > 32767 ? 32767 : sum < -32768 ? -32768 : (int16_t)lrint(sum);
}

/* Sine by rotation: one multiplication a sample instead of sin(). */
void tone_add(int16_t *out, int n, uint64_t at, double hz, double dbm0) {
  double step = 2.0 * M_PI * hz / SOUND_RATE_HZ, phase = fmod(step * (double)at, 2.0 * M_PI);
  double c = 2.0 * cos(step), peak = sound_rms(dbm0) * M_SQRT2;
  double y1 = sin(phase - step), y2 = sin(phase - 2.0 * step);
  for (int i = 0; i < n; i++) {
    double y = c * y1 - y2;
    add(out + i, peak * y);
    y2 = y1;
    y1 = y;
  }
}

void noise_add(int16_t *out, int n, uint32_t *state, double dbm0) {
  double scale = sound_rms(dbm0) * 1.7320508 / 32768.0; /* uniform: rms = peak / sqrt 3 */
  uint32_t x = *state == 0 ? 1 : *state;
  for (int i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    add(out + i, scale * (double)(int16_t)(x >> 16));
  }
  *state = x;
}

/* Three low passes in place of the 3 dB an octave. */
void room_add(int16_t *out, int n, struct room *room, double dbm0) {
  double scale = sound_rms(dbm0) * 0.518 * 1.7320508 / 32768.0; /* 0.518: what brings their sum to rms 1 */
  uint32_t x = room->dice == 0 ? 1 : room->dice;
  for (int i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    double white = (double)(int16_t)(x >> 16);
    room->slow = 0.99 * room->slow + 0.14 * white;
    room->middle = 0.93 * room->middle + 0.26 * white;
    room->fast = 0.6 * room->fast + 0.5 * white;
    add(out + i, scale * (room->slow + room->middle + room->fast));
  }
  room->dice = x;
}

/* The part of [at, at+n) that lies within [from, to), with the tone's phase counted from `from`. */
static void burst_add(int16_t *out, int n, uint64_t at, uint64_t from, uint64_t to, double hz, double dbm0) {
  if (at >= to || at + (uint64_t)n <= from) return;
  uint64_t first = at > from ? at : from, last = at + (uint64_t)n < to ? at + (uint64_t)n : to;
  tone_add(out + (first - at), (int)(last - first), first - from, hz, dbm0);
}

void sit_add(int16_t *out, int n, uint64_t at, double dbm0) {
  static const double hz[3] = {985.2, 1370.6, 1776.7}; /* vacant code: short and long segments of North America differ; E.180 has 330 ms */
  for (uint64_t i = 0; i < 3; i++) burst_add(out, n, at, 800 + i * 2640, 800 + (i + 1) * 2640, hz[i], dbm0);
}

void busy_add(int16_t *out, int n, uint64_t at, double dbm0) {
  uint64_t cycle = at / SOUND_RATE_HZ;
  for (uint64_t i = cycle; i * SOUND_RATE_HZ < at + (uint64_t)n; i++) {
    burst_add(out, n, at, i * SOUND_RATE_HZ, i * SOUND_RATE_HZ + SOUND_RATE_HZ / 2, 480, dbm0 - 3);
    burst_add(out, n, at, i * SOUND_RATE_HZ, i * SOUND_RATE_HZ + SOUND_RATE_HZ / 2, 620, dbm0 - 3);
  }
}

void ced_add(int16_t *out, int n, uint64_t at, double dbm0) { burst_add(out, n, at, 1600, 1600 + 3 * SOUND_RATE_HZ, 2100, dbm0); }

static double tag_low(int tag) { return 350.0 + 25.0 * (tag % TAG_SIDE); }
static double tag_high(int tag) { return 1750.0 + 50.0 * (tag / TAG_SIDE); }

void tag_add(int16_t *out, int n, uint64_t at, int tag, double dbm0) {
  tone_add(out, n, at, tag_low(tag), dbm0 - 3);
  tone_add(out, n, at, tag_high(tag), dbm0 - 3);
}

/* Share of the energy of x that lies at hz. */
static double share(const int16_t *x, int n, double hz, double total) {
  double c = 2.0 * cos(2.0 * M_PI * hz / SOUND_RATE_HZ), s1 = 0, s2 = 0;
  for (int i = 0; i < n; i++) {
    double s = x[i] + c * s1 - s2;
    s2 = s1;
    s1 = s;
  }
  return (s1 * s1 + s2 * s2 - c * s1 * s2) * 2.0 / ((double)n * total);
}

static double total_energy(const int16_t *x, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += (double)x[i] * x[i];
  return sum;
}

int tag_find(const int16_t *x) {
  enum { N = TAG_FRAMES * SOUND_FRAME };
  double total = total_energy(x, N);
  if (total < N * sound_rms(-50) * sound_rms(-50)) return -1;
  int low = 0, high = 0;
  double best_low = 0, best_high = 0;
  for (int i = 0; i < TAG_SIDE; i++) {
    double l = share(x, N, tag_low(i), total), h = share(x, N, tag_high(i * TAG_SIDE), total);
    if (l > best_low) best_low = l, low = i;
    if (h > best_high) best_high = h, high = i;
  }
  if (best_low < 0.2 || best_high < 0.2 || best_low + best_high < 0.6) return -1;
  return high * TAG_SIDE + low;
}

bool tag_likely(const int16_t *frame) {
  double total = total_energy(frame, SOUND_FRAME), low = 0, high = 0;
  if (total < SOUND_FRAME * sound_rms(-50) * sound_rms(-50)) return false;
  for (int i = 0; i < TAG_SIDE; i++) {
    low = fmax(low, share(frame, SOUND_FRAME, tag_low(i), total));
    high = fmax(high, share(frame, SOUND_FRAME, tag_high(i * TAG_SIDE), total));
  }
  return low > 0.25 && high > 0.25 && low + high > 0.75;
}

bool tag_there(const int16_t *x, int n, int tag) {
  double total = total_energy(x, n);
  if (total < n * sound_rms(-50) * sound_rms(-50)) return false;
  double low = share(x, n, tag_low(tag), total), high = share(x, n, tag_high(tag), total);
  /* An agent hears the tag under the box's own short tone: what that adds does not hide it. */
  double rest = 1.0 - share(x, n, CONNECT_TONE_HZ, total);
  return low > 0.02 && high > 0.02 && low + high > 0.5 * fmin(1.0, fmax(rest, 0.1));
}

uint64_t dice_next(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

int64_t dice_range(uint64_t *state, int64_t low, int64_t high) {
  if (high <= low) return low;
  return low + (int64_t)(dice_next(state) % (uint64_t)(high - low + 1));
}
