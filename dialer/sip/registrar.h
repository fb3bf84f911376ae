/* registrar.h — who may register and where phones are: accounts, bindings, nonces without state, sources that guess.
 *
 * Pure but for the stack's types: no sockets, time is an argument. Bounds: REGISTRAR_CONTACTS bindings a phone, a fixed
 * number of sources that are watched. Owner: the SIP worker. Source: registrar.c. RFC 3261 §10, RFC 3327, RFC 8760 */
#ifndef CADENCIA_SIP_REGISTRAR_H
#define CADENCIA_SIP_REGISTRAR_H

#include "dialer/base/digest.h"
#include "dialer/base/wide.h"

enum {
  REGISTRAR_CONTACTS = 4,
  REGISTRAR_EXPIRES_LEAST_S = 60,
  REGISTRAR_EXPIRES_MOST_S = 3600,
  REGISTRAR_EXPIRES_S = 300,
  REGISTRAR_NONCE_S = 300,    /* how long a nonce is good */
  REGISTRAR_GUESSES = 10,     /* wrong passwords in a minute before a source is locked out */
  REGISTRAR_LOCK_MS = 300000, /* for that long */
  REGISTRAR_RATE = 20,        /* requests a second of one source, twice that in a burst */
  REGISTRAR_SOURCES = 1024
};
struct nua_handle_s;

struct binding {
  bool used;
  struct wide_binding b;
  struct nua_handle_s *asking; /* OPTIONS under way */
  struct mono ask_at;
  uint32_t unanswered;
};
struct account {
  struct wide_account a;
  struct binding bindings[REGISTRAR_CONTACTS];
};
struct source_watch {
  uint64_t name; /* hash of the address, 0: free */
  struct mono filled, failed, locked_until;
  int32_t tokens_x1000;
  uint32_t failures;
};
struct registrar {
  struct wide_key key;
  struct account **accounts;
  unsigned count, room;
  struct source_watch sources[REGISTRAR_SOURCES];
  uint64_t locked; /* how often a source was locked out */
};

void registrar_free(struct registrar *r);
/* Makes, changes or (gone) removes. CAD_OK, CAD_EFULL, CAD_ENOMEM. */
int registrar_account(struct registrar *r, const struct wide_account *a);
struct account *registrar_find(struct registrar *r, const char *user);
/* The binding that a call to this phone should use: it answers, and was renewed last. NULL: none. */
struct binding *registrar_best(struct account *a, struct wall now);
/* The place of this contact, a free one, or NULL when the phone has too many. */
struct binding *registrar_place(struct account *a, const char *contact);

/* "" when there is no key yet. */
void registrar_nonce(const struct registrar *r, enum digest_algorithm alg, uint64_t source, struct wall now, char out[64]);
enum nonce_verdict { NONCE_FOREIGN = 0, NONCE_STALE, NONCE_GOOD };
enum nonce_verdict registrar_nonce_check(const struct registrar *r, enum digest_algorithm alg, uint64_t source, struct wall now,
                                         const char *nonce);

/* May this source ask at all? False: too fast, or locked out. */
bool registrar_admits(struct registrar *r, uint64_t source, struct mono now);
/* A wrong password. True: it is locked out by it. */
bool registrar_failed(struct registrar *r, uint64_t source, struct mono now);
void registrar_passed(struct registrar *r, uint64_t source);

#endif
