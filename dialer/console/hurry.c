#include "dialer/console/hurry.h"
#include <sys/socket.h>

struct hurry_place *hurry_enter(struct hurry *hurry, int fd, struct mono now) {
  for (unsigned i = 0; i < HURRY_PLACES; i++) {
    if (hurry->places[i].phase != HURRY_FREE) continue;
    hurry->places[i] = (struct hurry_place){HURRY_HEAD, fd, now, 0};
    return &hurry->places[i];
  }
  return NULL;
}

void hurry_leave(struct hurry_place *place) {
  if (place) *place = (struct hurry_place){.phase = HURRY_FREE, .fd = -1};
}

void hurry_head(struct hurry_place *place, struct mono now) {
  if (!place) return;
  place->phase = HURRY_HEAD;
  place->since = now;
}

void hurry_body(struct hurry_place *place, size_t bytes, struct mono now) {
  if (!place) return;
  if (place->phase != HURRY_BODY) {
    place->phase = HURRY_BODY;
    place->since = now;
    place->bytes = 0;
  }
  place->bytes += bytes;
}

void hurry_answer(struct hurry_place *place) {
  if (place) place->phase = HURRY_ANSWER;
}

bool hurry_late(const struct hurry_place *place, struct mono now) {
  int64_t taken_ms = mono_since(now, place->since);
  if (place->phase == HURRY_HEAD) return taken_ms > HURRY_HEAD_MS;
  return place->phase == HURRY_BODY && taken_ms > HURRY_BODY_MS + (int64_t)(place->bytes / HURRY_BYTES_PER_S) * 1000;
}

unsigned hurry_check(struct hurry *hurry, struct mono now) {
  unsigned late = 0;
  for (unsigned i = 0; i < HURRY_PLACES; i++) {
    struct hurry_place *p = &hurry->places[i];
    if (!hurry_late(p, now)) continue;
    shutdown(p->fd, SHUT_RDWR);
    p->phase = HURRY_ANSWER; /* its end is near */
    late++;
  }
  return late;
}
