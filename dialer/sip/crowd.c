#include "dialer/sip/crowd.h"
#include "dialer/sip/guard.h"
#include <string.h>

static bool same_host(const struct wide_source *a, const struct wide_source *b) {
  return a->family == b->family && memcmp(a->addr, b->addr, sizeof a->addr) == 0;
}

/* Is this descriptor still the connection that it was? */
static bool still_there(const struct crowd_member *m) {
  struct wide_source now;
  return guard_peer(m->fd, &now) && same_host(&now, &m->from) && now.port == m->from.port;
}

static void forget_closed(struct crowd *crowd) {
  unsigned kept = 0;
  for (unsigned i = 0; i < crowd->count; i++)
    if (still_there(&crowd->members[i])) crowd->members[kept++] = crowd->members[i];
  crowd->count = kept;
}

static unsigned held_by(const struct crowd *crowd, const struct wide_source *from) {
  unsigned n = 0;
  for (unsigned i = 0; i < crowd->count; i++) n += same_host(&crowd->members[i].from, from);
  return n;
}

static bool has_room(const struct crowd *crowd, const struct wide_source *from) {
  return crowd->count < CROWD_MAX && held_by(crowd, from) < CROWD_PER_SOURCE;
}

bool crowd_enter(struct crowd *crowd, int fd, const struct wide_source *from) {
  if (!has_room(crowd, from)) {
    forget_closed(crowd);
    if (!has_room(crowd, from)) return false;
  }
  crowd->members[crowd->count++] = (struct crowd_member){fd, *from};
  return true;
}
