/* sound.h — what simulated people and machines sound like: WAV files and made tones, 8 kHz.
 *
 * Levels are dBm0 of G.711 (0 dBm0: rms 15,769 of 16-bit linear). Owner: the carrier's
 * one thread. Source: sound.c, tones.c */
#ifndef CADENCIA_SIM_SOUND_H
#define CADENCIA_SIM_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOUND_RATE_HZ = 8000, SOUND_FRAME = 160, SOUND_FRAME_MS = 20, SOUND_MAX_SAMPLES = SOUND_RATE_HZ * 180 };

struct sound {
  char *path;
  int16_t *samples;
  size_t count;
  size_t speech_end; /* end of the greeting: see sound_speech_end */
  double level_dbm0; /* of the active part */
};
struct sound_bank;
struct sound_bank *sound_bank_create(void);
struct sound_bank *sound_bank_destroy(struct sound_bank *bank);
/* Loads once. Index >= 0, or CAD_ENOENT, CAD_EFORMAT, CAD_EFULL, CAD_ENOMEM. */
int sound_load(struct sound_bank *bank, const char *path);
const struct sound *sound_get(const struct sound_bank *bank, int index);

/* Where the greeting ends: the start of the first silence of at least 400 ms after speech, or of
 * the silence that the file ends with; 0 when nothing is said. Speech: 10 ms frames above the
 * louder of -45 dBm0 and 25 dB below the loudest frame; specks under 40 ms are not speech. */
size_t sound_speech_end(const int16_t *samples, size_t count);
/* Mean level of the frames that are speech by the same measure; -100 without. */
double sound_active_level(const int16_t *samples, size_t count);

double sound_rms(double dbm0);                            /* linear rms of a level */
double sound_level(const int16_t *samples, size_t count); /* -100 for digital silence */

/* ---- made sounds: each adds into out[0..n) from sample position `at` on ---- */
void tone_add(int16_t *out, int n, uint64_t at, double hz, double dbm0);
/* White noise of that level; state: any non-zero number. */
void noise_add(int16_t *out, int n, uint32_t *state, double dbm0);
/* What a microphone hears of a room: noise that falls with the frequency. Begin with {dice: any non-zero number}. */
struct room {
  uint32_t dice;
  double slow, middle, fast;
};
void room_add(int16_t *out, int n, struct room *room, double dbm0);
/* Special information tone "vacant code" (ITU-T E.180, 3 x 330 ms); silent after it. */
void sit_add(int16_t *out, int n, uint64_t at, double dbm0);
/* Busy tone of North America: 480 + 620 Hz, 500 ms on, 500 ms off. */
void busy_add(int16_t *out, int n, uint64_t at, double dbm0);
/* The answering fax: 2100 Hz for 3 s after 200 ms (ITU-T T.30), then silence. */
void ced_add(int16_t *out, int n, uint64_t at, double dbm0);

/* ---- tags: pairs of tones by which the two ends of a bridge know each other ----
 * Below 1110 Hz one, above 1740 Hz the other, so that no DTMF pair and no fax tone is among them. */
enum { TAG_COUNT = 961, TAG_FRAMES = 4 };
void tag_add(int16_t *out, int n, uint64_t at, int tag, double dbm0);
/* Which tag is in x (TAG_FRAMES * SOUND_FRAME samples)? -1: none. */
int tag_find(const int16_t *x);
/* May one frame of SOUND_FRAME samples be the beginning of some tag? */
bool tag_likely(const int16_t *frame);
/* Is this tag in n samples of x? */
bool tag_there(const int16_t *x, int n, int tag);

/* A seeded generator (splitmix64), so that every run of a seed is the same. */
uint64_t dice_next(uint64_t *state);
/* low..high inclusive. */
int64_t dice_range(uint64_t *state, int64_t low, int64_t high);

#endif
