/* users.h — who may sign in to the console, and their sessions.
 *
 * A user has a role; an agent's user names the agent whose desk it opens. Passwords are kept as argon2id texts made by
 * whoever calls (hashing takes a tenth of a second and never runs on the store's thread); of a session only the BLAKE2b
 * of its token is kept, so that a stolen file opens nothing. Thread: that of the store. Source: records/user.c */
#ifndef CAMPAIGNS_USERS_H
#define CAMPAIGNS_USERS_H

#include <campaigns/store.h>
#include <stdbool.h>

enum user_role { ROLE_AGENT = 0, ROLE_SUPERVISOR, ROLE_COUNT };
const char *user_role_name(enum user_role role);
int user_role_parse(const char *word); /* < 0: none such */

enum { USER_HASH_MAX = 128, SESSION_KEY_BYTES = 32, USER_NOTE_MAX = 2000, USER_FAILURES_MAX = 5, USER_LOCK_MS = 60000 };
struct user_def {
  uint64_t id;
  char name[MAIL_NAME_MAX];
  uint8_t role;              /* enum user_role */
  char agent[MAIL_NAME_MAX]; /* ROLE_AGENT: whose desk */
  char hash[USER_HASH_MAX];  /* argon2id, as crypto_pwhash_str writes it */
  struct wall locked_until;  /* WALL_NONE: not locked */
};
/* id 0: new (CAD_EEXIST by name), else changed; sessions of a changed user end. CAD_ENOENT: no such agent or user. */
int store_user_put(struct store *s, struct user_def *def);
int store_user_get(struct store *s, const char *name, struct user_def *out);
int store_user_list(struct store *s, int (*row)(void *arg, const struct user_def *d), void *arg);
int store_user_remove(struct store *s, const char *name); /* its sessions too */
/* A wrong password; after USER_FAILURES_MAX in a row the user is locked for USER_LOCK_MS. good: forget them. */
int store_user_tried(struct store *s, const char *name, bool good, struct wall now);

enum { PASSWORD_MIN = 8, PASSWORD_MAX = 256, TOKEN_BYTES = 32, TOKEN_TEXT_MAX = 2 * TOKEN_BYTES + 1 };
/* argon2id; a tenth of a second and 64 MB, any thread but the store's. CAD_EINVAL: too short or long; CAD_ENOMEM. Source: password.c */
int password_hash(const char *password, char out[USER_HASH_MAX]);
/* hash NULL: there is no such user; the answer is no and takes as long. */
bool password_good(const char *hash, const char *password);
/* A random token as hex, the key under which the database knows it, and whether two are the same (in constant time). */
int token_make(char token[TOKEN_TEXT_MAX]);
int token_key(const char *token, unsigned char key[SESSION_KEY_BYTES]);
bool token_same(const char *a, const char *b);

/* key: that of the token. */
int store_session_put(struct store *s, const unsigned char key[SESSION_KEY_BYTES], uint64_t user, struct wall now, struct wall until);
int store_session_get(struct store *s, const unsigned char key[SESSION_KEY_BYTES], struct wall now, struct user_def *out);
int store_session_end(struct store *s, const unsigned char key[SESSION_KEY_BYTES]);

/* What an agent has written about the call at hand, kept through reload and crash; text "" forgets it. */
int store_note_put(struct store *s, uint64_t agent, uint64_t attempt, const char *text, struct wall now);
int store_note_get(struct store *s, uint64_t agent, uint64_t attempt, char out[USER_NOTE_MAX + 1]);

/* The contact of a case, for the agent's screen. */
struct contact_card {
  uint64_t case_id;
  char name[120], language[16], zone[64], external_id[80];
  char extra[4096]; /* JSON object of the list's other columns, "" without */
};
int store_contact_card(struct store *s, uint64_t case_id, struct contact_card *out);

/* Milliseconds an agent spent in each state (enum agent_state) since then, and calls talked. */
struct agent_day {
  uint64_t ms[AGENT_STATE_COUNT];
  uint64_t calls;
};
int store_agent_day(struct store *s, uint64_t agent, struct wall since, struct agent_day *out);

#endif
