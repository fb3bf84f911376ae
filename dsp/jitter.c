#include <dsp/jitter.h>
#include <cadencia/err.h>
#include <string.h>

void jitter_init(struct jitter *j, uint32_t wait_samples) {
  memset(j, 0, sizeof *j);
  j->wait_samples = wait_samples;
}

static uint32_t cell(uint32_t ts) { return ts % JITTER_SAMPLES; }

static void start_at(struct jitter *j, uint32_t ssrc, uint32_t ts) {
  if (j->started) j->restarts++;
  j->started = true;
  j->ssrc = ssrc;
  j->head = j->end = j->newest = ts;
  memset(j->have, 0, sizeof j->have);
}

/* Give up the oldest samples so that the ring reaches up to `end`. */
static void make_room(struct jitter *j, uint32_t end) {
  uint32_t over = end - j->head - JITTER_SAMPLES;
  for (uint32_t i = 0; i < over && i < JITTER_SAMPLES; i++) j->have[cell(j->head + i)] = 0;
  j->head += over;
  j->owed_lost += over;
  if ((int32_t)(j->end - j->head) < 0) j->end = j->head;
}

int jitter_put(struct jitter *j, uint32_t ssrc, uint32_t ts, const int16_t *samples, int n) {
  if (n < 1 || n > JITTER_BLOCK_MAX) return CAD_EINVAL;
  if (!j->started || ssrc != j->ssrc) start_at(j, ssrc, ts);
  int32_t ahead = (int32_t)(ts - j->head);
  if (ahead > JITTER_JUMP_SAMPLES || ahead < -JITTER_JUMP_SAMPLES) {
    start_at(j, ssrc, ts);
    ahead = 0;
  }
  if (ahead < 0 && (int32_t)(ts - j->newest) >= 0) { /* the reader gave up too soon: nothing that was heard is newer */
    start_at(j, ssrc, ts);
    ahead = 0;
  }
  if (ahead + n <= 0) {
    j->late++;
    if (++j->late_run < JITTER_LATE_RUN) return CAD_OK;
    start_at(j, ssrc, ts);
    ahead = 0;
  }
  j->late_run = 0;
  if (ahead < 0) { /* the first part was given up already */
    samples -= ahead;
    n += ahead;
    ts = j->head;
    ahead = 0;
  }
  if (ahead + n > JITTER_SAMPLES) make_room(j, ts + (uint32_t)n);
  int fresh = 0;
  for (int i = 0; i < n; i++) {
    uint32_t at = cell(ts + (uint32_t)i);
    if (j->have[at]) continue;
    j->have[at] = 1;
    j->audio[at] = samples[i];
    fresh++;
  }
  if (fresh == 0) j->duplicates++;
  if ((int32_t)(ts + (uint32_t)n - j->end) > 0) j->end = ts + (uint32_t)n;
  if ((int32_t)(ts + (uint32_t)n - j->newest) > 0) j->newest = ts + (uint32_t)n;
  return CAD_OK;
}

/* Samples missing from the reading point on, up to the next one that is there. */
static uint32_t hole(const struct jitter *j) {
  uint32_t depth = j->end - j->head, n = 0;
  while (n < depth && !j->have[cell(j->head + n)]) n++;
  return n;
}

int jitter_take(struct jitter *j, int16_t *out, int max, int *lost) {
  *lost = 0;
  if (j->owed_lost > 0) {
    *lost = (int)j->owed_lost;
    j->lost_samples += j->owed_lost;
    j->owed_lost = 0;
    return 0;
  }
  uint32_t depth = j->end - j->head;
  int n = 0;
  while (n < max && (uint32_t)n < depth && j->have[cell(j->head)]) {
    uint32_t at = cell(j->head++);
    j->have[at] = 0;
    out[n++] = j->audio[at];
  }
  if (n > 0 || depth == 0) return n;
  uint32_t missing = hole(j);
  if (depth - missing < j->wait_samples) return 0;
  j->head += missing;
  j->lost_samples += missing;
  *lost = (int)missing;
  return 0;
}

int jitter_skip(struct jitter *j, int max) {
  if (!j->started || j->owed_lost > 0 || max <= 0) return 0;
  uint32_t n = (uint32_t)max;
  if (j->head == j->end) {
    j->end += n;
  } else {
    uint32_t missing = hole(j);
    if (missing < n) n = missing;
  }
  j->head += n;
  j->lost_samples += n;
  return (int)n;
}

uint32_t jitter_depth(const struct jitter *j) { return j->end - j->head; }
