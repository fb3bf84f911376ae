#include "dialer/media/tap.h"
#include "dialer/media/sampler.h"
#include <cadencia/err.h>
#include <dsp/codec.h>
#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum {
  HOLE_PATIENCE_SAMPLES = 480, /* this much newer audio behind a hole, and it is a loss */
  STALL_US = 400000,           /* nothing came for so long: a pause of the sender's, and no packet that is on its way */
  CUT_THROUGH_US = 100000,     /* sound and answer come by different ways: so little before the answer is the answered call already */
  BEHIND_SAMPLES = 800,        /* in such a pause the detector follows the world's clock at this distance */
  AHEAD_MAX_SAMPLES = 1920,
  HALF_BEAT_US = 10000,
  STATE_ALIGN = 64,
  HOLD_MS = 1800 /* of the 2,000 that the law gives: an undecided person must still reach an agent in time; presets wait no longer */
};
/* The law's patience; the floor's own deadline is armed from the same stamps. */
static const struct screen_params PARAMS = {
    .preset = SCREEN_BALANCED, .decide = true, .hold_ms = HOLD_MS, .speech_cap_ms = 6000, .dead_air_ms = 8000};

struct screen_params tap_params(void) {
  return PARAMS;
}

static size_t round_up(size_t bytes) { return (bytes + STATE_ALIGN - 1) / STATE_ALIGN * STATE_ALIGN; }

int tap_pool_open(struct tap_pool *pool, unsigned count) {
  memset(pool, 0, sizeof *pool);
  pool->stride_bytes = round_up(sizeof(struct tap)) + round_up(screen_size());
  pool->count = pool->free_count = count;
  pool->memory = calloc(count + 1, pool->stride_bytes); /* untouched pages cost nothing */
  pool->free_list = calloc(count, sizeof *pool->free_list);
  if (!pool->memory || !pool->free_list) {
    tap_pool_close(pool);
    return CAD_ENOMEM;
  }
  for (unsigned i = 0; i < count; i++) pool->free_list[i] = count - 1 - i;
  return CAD_OK;
}

void tap_pool_close(struct tap_pool *pool) {
  free(pool->memory);
  free(pool->free_list);
  memset(pool, 0, sizeof *pool);
}

static struct tap *tap_at(struct tap_pool *pool, unsigned index) {
  uintptr_t base = (uintptr_t)pool->memory;
  base = (base + STATE_ALIGN - 1) / STATE_ALIGN * STATE_ALIGN;
  return (struct tap *)(base + index * pool->stride_bytes);
}

struct tap *tap_open(struct tap_pool *pool, int64_t begun_us, bool answered, const struct tone_plan *plan, const struct print_set *prints) {
  if (pool->free_count == 0) return NULL;
  struct tap *tap = tap_at(pool, pool->free_list[--pool->free_count]);
  jitter_init(&tap->jitter, HOLE_PATIENCE_SAMPLES);
  tap->answered = answered;
  tap->sample = NULL;
  tap->begun_us = tap->anchor_us = tap->came_us = begun_us;
  tap->paused = false;
  tap->fed = tap->anchor_fed = 0;
  struct screen_params params = PARAMS;
  params.plan = plan;
  params.prints = prints;
  tap->screen = screen_init((uint8_t *)tap + round_up(sizeof *tap), &params, answered);
  return tap;
}

struct tap *tap_close(struct tap_pool *pool, struct tap *tap) {
  if (!tap) return NULL;
  screen_release(tap->screen);
  tap->screen = NULL;
  size_t index = (size_t)((uintptr_t)tap - (uintptr_t)tap_at(pool, 0)) / pool->stride_bytes;
  assert(index < pool->count && pool->free_count < pool->count);
  pool->free_list[pool->free_count++] = (uint32_t)index;
  return NULL;
}

void tap_answered(struct tap *tap, int64_t answered_us) {
  if (tap->answered) return;
  tap->answered = true;
  if (tap->begun_us + CUT_THROUGH_US >= answered_us)
    screen_answered_before(tap->screen);
  else
    screen_answered(tap->screen);
}

static int64_t heard_at(const struct tap *tap, uint64_t sample) {
  return tap->anchor_us + ((int64_t)sample - (int64_t)tap->anchor_fed) * 125;
}

static void tell(struct tap *tap, const struct screen_event *events, int n, tap_event_fn *say, void *context) {
  for (int i = 0; i < n && i < SCREEN_EVENTS_MAX; i++) say(context, &events[i], heard_at(tap, events[i].sample));
}

static void feed_loss(struct tap *tap, int samples, tap_event_fn *say, void *context) {
  struct screen_event events[SCREEN_EVENTS_MAX];
  for (; samples > 0; samples -= RTP_FRAME_SAMPLES) {
    int n = samples < RTP_FRAME_SAMPLES ? samples : RTP_FRAME_SAMPLES;
    tap->fed += (uint64_t)n;
    if (tap->sample) sample_hear(tap->sample, NULL, n);
    tell(tap, events, screen_loss(tap->screen, n, events), say, context);
  }
}

static void feed_audio(struct tap *tap, const int16_t *pcm, int n, int64_t now_us, tap_event_fn *say, void *context) {
  struct screen_event events[SCREEN_EVENTS_MAX];
  tap->fed += (uint64_t)n;
  if (tap->sample) sample_hear(tap->sample, pcm, n);
  /* What was just read came in during the last beat; what waits behind it came later. */
  tap->anchor_us = now_us - HALF_BEAT_US - (int64_t)jitter_depth(&tap->jitter) * 125;
  tap->anchor_fed = tap->fed;
  tell(tap, events, screen_feed(tap->screen, pcm, n, events), say, context);
}

/* Everything that is there and in order. A stream that leaps ahead may not push the detector's clock ahead of the world's. */
static void drain(struct tap *tap, int64_t now_us, tap_event_fn *say, void *context) {
  const int64_t until = (now_us - tap->begun_us) / 125 + AHEAD_MAX_SAMPLES;
  int16_t pcm[RTP_FRAME_SAMPLES];
  while ((int64_t)tap->fed < until) {
    int lost = 0;
    int n = jitter_take(&tap->jitter, pcm, RTP_FRAME_SAMPLES, &lost);
    int64_t room = until - (int64_t)tap->fed;
    if (lost > room) lost = (int)room;
    if (n > 0)
      feed_audio(tap, pcm, n, now_us, say, context);
    else if (lost > 0)
      feed_loss(tap, lost, say, context);
    else
      return;
  }
}

void tap_hear(struct tap *tap, const struct rtp_packet *p, int64_t now_us, tap_event_fn *say, void *context) {
  int16_t pcm[RTP_AUDIO_BYTES_MAX];
  int n = p->payload_bytes;
  if (n < 1 || n > RTP_AUDIO_BYTES_MAX) return;
  codec_decode(p->payload_type, p->payload, n, pcm);
  /* After a stall, ours or the sender's, much comes at once: it is heard before the ring is full. */
  if (jitter_depth(&tap->jitter) + RTP_AUDIO_BYTES_MAX > JITTER_SAMPLES) drain(tap, now_us, say, context);
  jitter_put(&tap->jitter, p->ssrc, p->ts, pcm, n);
  tap->came_us = now_us;
  tap->paused = false;
}

void tap_beat(struct tap *tap, int64_t now_us, tap_event_fn *say, void *context) {
  drain(tap, now_us, say, context);
  if (now_us - tap->came_us < STALL_US) return;
  if (!tap->paused) { /* up to here the sender's clock counts, even where it lags behind ours */
    const int64_t quiet = (tap->came_us - tap->begun_us) / 125 - (int64_t)tap->fed;
    tap->paused = true;
    tap->pause_fed = quiet > 0 ? quiet : 0;
  }
  const int64_t due = (now_us - tap->begun_us) / 125 - tap->pause_fed;
  while (due - (int64_t)tap->fed > BEHIND_SAMPLES) {
    int skipped = jitter_skip(&tap->jitter, RTP_FRAME_SAMPLES);
    if (skipped == 0 && jitter_depth(&tap->jitter) > 0) { /* behind the hole there is audio */
      drain(tap, now_us, say, context);
      if (jitter_depth(&tap->jitter) > 0) return;
      continue;
    }
    feed_loss(tap, skipped > 0 ? skipped : RTP_FRAME_SAMPLES, say, context);
  }
}
