/* jitter.h — puts the audio of one RTP stream back into order, by timestamp.
 *
 * A ring of 256 ms of 8 kHz linear audio, written where the timestamp says and read
 * in order: reordered packets fall into place, duplicates change nothing, any packet
 * time fits, a gap of the sender (silence suppression) is a hole like a loss. A hole
 * is given up when wait_samples of newer audio lie behind it, or when the reader,
 * who knows the time, skips it; if what comes then is newer than all that was heard, the sender had stalled and
 * nothing of it is thrown away. A new ssrc, a jump of 3 s, or three packets in a row
 * that come too late (the way became longer) start afresh without a hole. Pure, no allocation; owner: whoever holds the memory. RFC 3550.
 */
#ifndef DSP_JITTER_H
#define DSP_JITTER_H

#include <stdbool.h>
#include <stdint.h>

enum { JITTER_SAMPLES = 2048, JITTER_JUMP_SAMPLES = 24000, JITTER_BLOCK_MAX = 960, JITTER_LATE_RUN = 3 };

struct jitter {
  bool started;
  uint32_t ssrc;
  uint32_t head;   /* timestamp of the next sample to read */
  uint32_t end;    /* one past the newest sample written or skipped */
  uint32_t newest; /* one past the newest sample written */
  uint32_t wait_samples;
  uint32_t owed_lost; /* thrown away because the stream ran ahead; reported as lost before anything else */
  uint32_t late_run;  /* packets in a row that came too late */
  uint32_t late, duplicates, lost_samples, restarts;
  int16_t audio[JITTER_SAMPLES];
  uint8_t have[JITTER_SAMPLES];
};

void jitter_init(struct jitter *j, uint32_t wait_samples);
/* n samples that belong at timestamp ts. CAD_OK, or CAD_EINVAL for n outside 1..JITTER_BLOCK_MAX. */
int jitter_put(struct jitter *j, uint32_t ssrc, uint32_t ts, const int16_t *samples, int n);
/* The next samples in order, at most max: returns how many were written to out. 0: nothing is ready, or *lost
 * samples will never come and the reading point has moved over them. */
int jitter_take(struct jitter *j, int16_t *out, int max, int *lost);
/* The reader's patience is over: move over at most max samples that are not there. Returns how many were
 * skipped; 0 when audio is ready or nothing was ever heard. */
int jitter_skip(struct jitter *j, int max);
/* Samples between the reading point and the newest one. */
uint32_t jitter_depth(const struct jitter *j);

#endif
