#include "dialer/sip/registrar.h"
#include <cadencia/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS_MAX = 20000, ROOM_FIRST = 64, MINUTE_MS = 60000 };

void registrar_free(struct registrar *r) {
  for (unsigned i = 0; i < r->count; i++) free(r->accounts[i]);
  free(r->accounts);
  r->accounts = NULL;
  r->count = r->room = 0;
}

struct account *registrar_find(struct registrar *r, const char *user) {
  for (unsigned i = 0; i < r->count; i++)
    if (strcmp(r->accounts[i]->a.user, user) == 0) return r->accounts[i];
  return NULL;
}

/* An agent has one phone: another name of his replaces it. */
static unsigned place_of(const struct registrar *r, const struct wide_account *a) {
  unsigned i = 0;
  while (i < r->count && r->accounts[i]->a.agent_id != a->agent_id) i++;
  return i;
}

int registrar_account(struct registrar *r, const struct wide_account *a) {
  unsigned i = place_of(r, a);
  if (a->gone) {
    if (i == r->count) return CAD_OK;
    free(r->accounts[i]);
    r->accounts[i] = r->accounts[--r->count];
    return CAD_OK;
  }
  if (i == r->count) {
    if (r->count == ACCOUNTS_MAX) return CAD_EFULL;
    if (r->count == r->room) {
      unsigned room = r->room ? 2 * r->room : ROOM_FIRST;
      struct account **more = realloc(r->accounts, room * sizeof(struct account *));
      if (!more) return CAD_ENOMEM;
      r->accounts = more;
      r->room = room;
    }
    if (!(r->accounts[i] = calloc(1, sizeof(struct account)))) return CAD_ENOMEM;
    r->count++;
  }
  r->accounts[i]->a = *a;
  return CAD_OK;
}

struct binding *registrar_best(struct account *a, struct wall now) {
  struct binding *best = NULL;
  for (unsigned i = 0; i < REGISTRAR_CONTACTS; i++) {
    struct binding *b = &a->bindings[i];
    if (!b->used || b->b.expires.ms <= now.ms) continue;
    if (!best || b->b.answers > best->b.answers || (b->b.answers == best->b.answers && b->b.expires.ms > best->b.expires.ms)) best = b;
  }
  return best;
}

struct binding *registrar_place(struct account *a, const char *contact) {
  struct binding *spare = NULL;
  for (unsigned i = 0; i < REGISTRAR_CONTACTS; i++) {
    struct binding *b = &a->bindings[i];
    if (b->used && strcmp(b->b.contact, contact) == 0) return b;
    if (!b->used && !spare) spare = b;
  }
  return spare;
}

/* --- nonces ------------------------------------------------------------------------------ */

/* When, and a seal over when, for whom and for which algorithm: nothing has to be remembered. */
static void nonce_at(const struct registrar *r, enum digest_algorithm alg, uint64_t source, uint32_t at_s, char out[64]) {
  char text[80], seal[DIGEST_HEX];
  snprintf(text, sizeof text, "%08x %016llx %d", at_s, (unsigned long long)source, (int)alg);
  digest_mac(r->key.bytes, sizeof r->key.bytes, text, seal);
  snprintf(out, 64, "%08x%.40s", at_s, seal);
}

void registrar_nonce(const struct registrar *r, enum digest_algorithm alg, uint64_t source, struct wall now, char out[64]) {
  nonce_at(r, alg, source, (uint32_t)(now.ms / 1000), out);
}

enum nonce_verdict registrar_nonce_check(const struct registrar *r, enum digest_algorithm alg, uint64_t source, struct wall now,
                                         const char *nonce) {
  char head[9], want[64];
  if (strlen(nonce) != 48) return NONCE_FOREIGN;
  snprintf(head, sizeof head, "%.8s", nonce);
  if (strspn(head, "0123456789abcdef") != 8) return NONCE_FOREIGN;
  uint32_t at_s = (uint32_t)strtoul(head, NULL, 16), now_s = (uint32_t)(now.ms / 1000);
  nonce_at(r, alg, source, at_s, want);
  if (!digest_same(want, nonce)) return NONCE_FOREIGN;
  return now_s - at_s <= REGISTRAR_NONCE_S ? NONCE_GOOD : NONCE_STALE; /* from the future: stale too */
}

/* --- sources ----------------------------------------------------------------------------- */

/* Its own place among a few; else that of the one that was quiet longest and is not locked. */
static struct source_watch *watch(struct registrar *r, uint64_t source, struct mono now) {
  struct source_watch *oldest = NULL;
  if (source == 0) source = 1;
  for (unsigned i = 0; i < 8; i++) {
    struct source_watch *s = &r->sources[(source + i * 0x9e3779b9u) % REGISTRAR_SOURCES];
    if (s->name == source) return s;
    bool locked = s->locked_until.ms > now.ms;
    if (!locked && (!oldest || s->filled.ms < oldest->filled.ms)) oldest = s;
  }
  if (!oldest) return NULL;
  *oldest = (struct source_watch){.name = source, .filled = now, .tokens_x1000 = 2 * REGISTRAR_RATE * 1000};
  return oldest;
}

bool registrar_admits(struct registrar *r, uint64_t source, struct mono now) {
  struct source_watch *s = watch(r, source, now);
  if (!s || s->locked_until.ms > now.ms) return false; /* every place taken by guessers: nobody new for a while */
  int64_t more = mono_since(now, s->filled) * REGISTRAR_RATE, tokens = s->tokens_x1000 + (more > 1000000 ? 1000000 : more);
  s->filled = now;
  s->tokens_x1000 = (int32_t)(tokens > 2 * REGISTRAR_RATE * 1000 ? 2 * REGISTRAR_RATE * 1000 : tokens);
  if (s->tokens_x1000 < 1000) return false;
  s->tokens_x1000 -= 1000;
  return true;
}

bool registrar_failed(struct registrar *r, uint64_t source, struct mono now) {
  struct source_watch *s = watch(r, source, now);
  if (!s) return false;
  if (mono_since(now, s->failed) > MINUTE_MS) s->failures = 0;
  s->failed = now;
  if (++s->failures < REGISTRAR_GUESSES) return false;
  s->failures = 0;
  s->locked_until = mono_add(now, REGISTRAR_LOCK_MS);
  r->locked++;
  return true;
}

void registrar_passed(struct registrar *r, uint64_t source) {
  for (unsigned i = 0; i < 8; i++) {
    struct source_watch *s = &r->sources[((source ? source : 1) + i * 0x9e3779b9u) % REGISTRAR_SOURCES];
    if (s->name == source) s->failures = 0;
  }
}
