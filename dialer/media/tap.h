/* tap.h — the screening of one session: packets in, what the detector heard out.
 *
 * A small jitter buffer puts the audio in order by timestamp: the detector hears what was sent, sample by
 * sample, however unevenly it came. A hole that stays one is fed as loss; when nothing comes for 0.4 s the sender has paused,
 * and the detector's clock follows the world's. Every event is stamped with the monotonic time at which the
 * far side's audio came in. States live in a preallocated pool, last in first out. Owner: one media thread. Source: tap.c */
#ifndef CADENCIA_MEDIA_TAP_H
#define CADENCIA_MEDIA_TAP_H

#include "dialer/media/rtp.h"
#include <dsp/jitter.h>
#include <dsp/screen.h>

struct sample;
struct tap {
  struct sample *sample; /* copies what is heard; NULL: none */
  bool answered;
  struct screen *screen;
  int64_t begun_us;    /* when the detector's clock was 0 */
  int64_t came_us;     /* the last packet */
  int64_t pause_fed;   /* samples by which the sender's clock lags behind ours, taken when it paused */
  bool paused;         /* nothing has come for a while */
  uint64_t fed;        /* samples that it has had */
  int64_t anchor_us;   /* audio was known to be current then, */
  uint64_t anchor_fed; /* up to this sample */
  struct jitter jitter;
};

struct tap_pool {
  uint8_t *memory;
  size_t stride_bytes;
  uint32_t *free_list;
  unsigned count, free_count;
};

int tap_pool_open(struct tap_pool *pool, unsigned count);
void tap_pool_close(struct tap_pool *pool);
/* What the detector is told in the daemon, but for the trunk's tones and announcements. */
struct screen_params tap_params(void);
/* NULL when the pool is used up. begun_us: when the first sound may have come in; now, or the answer. */
struct tap *tap_open(struct tap_pool *pool, int64_t begun_us, bool answered, const struct tone_plan *plan, const struct print_set *prints);
/* Takes NULL, returns NULL. */
struct tap *tap_close(struct tap_pool *pool, struct tap *tap);
/* The call was answered then. */
void tap_answered(struct tap *tap, int64_t answered_us);
typedef void tap_event_fn(void *context, const struct screen_event *event, int64_t heard_us);
/* Audio of payload type 0 or 8. May say events. */
void tap_hear(struct tap *tap, const struct rtp_packet *p, int64_t now_us, tap_event_fn *say, void *context);
/* Every 20 ms: feeds the detector up to now; says each event. */
void tap_beat(struct tap *tap, int64_t now_us, tap_event_fn *say, void *context);

#endif
