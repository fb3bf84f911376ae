#include "dialer/blame.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool same(const struct wide_source *a, const struct wide_source *b) {
  return a->family == b->family && memcmp(a->addr, b->addr, sizeof a->addr) == 0;
}

static bool is_blocked(const struct suspect *s, struct mono now) { return s->blocked_until.ms > now.ms; }

/* Its own place, a free one, or that of the one who was heard of longest ago and is not blocked. */
static struct suspect *place(struct blame *b, const struct wide_source *source, struct mono now) {
  struct suspect *oldest = NULL;
  for (unsigned i = 0; i < BLAME_SUSPECTS; i++) {
    struct suspect *s = &b->suspects[i];
    if (same(&s->source, source)) return s;
    if (!is_blocked(s, now) && (!oldest || s->last.ms < oldest->last.ms)) oldest = s;
  }
  if (!oldest) return NULL;
  *oldest = (struct suspect){.source = *source};
  oldest->source.port = 0;
  return oldest;
}

bool blame_death(struct blame *b, const struct wide_source *source, bool carrier, struct mono now) {
  struct suspect *s = place(b, source, now);
  if (!s) return false;
  if (mono_since(now, s->last) > BLAME_WINDOW_MS) s->deaths = 0;
  s->last = now;
  s->deaths++;
  if (s->deaths < 2 || carrier || is_blocked(s, now)) return false;
  s->blocked_until = mono_add(now, BLAME_BLOCK_MS);
  return true;
}

const char *blame_name(const struct wide_source *source, char out[64]) {
  if (!inet_ntop(source->family == 4 ? AF_INET : AF_INET6, source->addr, out, 64)) snprintf(out, 64, "?");
  return out;
}

void blame_list(const struct blame *b, struct mono now, char *out, size_t size) {
  size_t used = 0;
  char name[64];
  out[0] = 0;
  for (unsigned i = 0; i < BLAME_SUSPECTS; i++) {
    if (!is_blocked(&b->suspects[i], now)) continue;
    int n = snprintf(out + used, size - used, "%s%s", used ? "+" : "", blame_name(&b->suspects[i].source, name));
    if (n < 0 || (size_t)n >= size - used) {
      out[used] = 0;
      return;
    }
    used += (size_t)n;
  }
}

bool blame_is_carrier(const struct config_trunk *trunks, unsigned count, const struct wide_source *source) {
  char name[64];
  blame_name(source, name);
  for (unsigned i = 0; i < count; i++)
    if (strstr(trunks[i].proxy, name)) return true;
  return false;
}
