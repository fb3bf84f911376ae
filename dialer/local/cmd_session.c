/* cadencia session: the console's sign-in. A token is 32 random bytes as hex; the database keeps its hash. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/setup_link.h"
#include <cadencia/err.h>
#include <campaigns/users.h>
#include <string.h>

enum { SESSION_MS = 12 * 3600 * 1000 };

struct session_job {
  const char *name;
  struct user_def user;
  bool good;
  unsigned char key[SESSION_KEY_BYTES];
  struct wall now;
};
static int job_user(struct store *s, void *arg) {
  struct session_job *j = arg;
  return store_user_get(s, j->name, &j->user);
}
static int job_tried(struct store *s, void *arg) {
  struct session_job *j = arg;
  int err = store_user_tried(s, j->name, j->good, j->now);
  return err < 0 || !j->good ? err : store_session_put(s, j->key, j->user.id, j->now, wall_add(j->now, SESSION_MS));
}
static int job_find(struct store *s, void *arg) {
  struct session_job *j = arg;
  return store_session_get(s, j->key, j->now, &j->user);
}
static int job_end(struct store *s, void *arg) { return store_session_end(s, ((struct session_job *)arg)->key); }

static int run(struct command_call *c, int (*fn)(struct store *, void *), struct session_job *j, bool tx) {
  return c->backend->run(c->backend->self, fn, j, tx);
}

static void put_user(struct command_call *c, const struct user_def *u, const char *token) {
  json_t *j = json_pack("{s:o, s:s, s:o}", "user", json_text(u->name), "role", user_role_name((enum user_role)u->role), "agent",
                        json_text(u->agent));
  if (j && token) json_object_set_new(j, "token", json_string(token));
  if (call_json(c)) {
    call_put_json(c, j);
    return;
  }
  fprintf(c->out, "%s, %s\n", u->name, user_role_name((enum user_role)u->role));
  json_decref(j);
}

/* A session for a user whose password was right. */
static int open_for(struct command_call *c, struct session_job *j) {
  char token[TOKEN_TEXT_MAX];
  if (token_make(token) < 0 || token_key(token, j->key) < 0) return call_refuse(c, "no random numbers to be had");
  j->good = true;
  int r = run(c, job_tried, j, true);
  if (r < 0) return call_refuse_store(c, r, "session");
  put_user(c, &j->user, token);
  return EXIT_GOOD;
}

int cmd_session_open(struct command_call *c) {
  struct session_job j = {.name = c->args->words[0], .now = clock_wall()};
  if (!c->secret) return call_refuse(c, "a password is wanted");
  int r = run(c, job_user, &j, false);
  if (r < 0 && r != CAD_ENOENT) return call_refuse_store(c, r, "user");
  bool known = r == CAD_OK;
  if (known && j.user.locked_until.ms > j.now.ms)
    return call_refuse(c, "locked after too many wrong passwords; try again in %lld s",
                       (long long)(j.user.locked_until.ms - j.now.ms + 999) / 1000);
  if (password_good(known ? j.user.hash : NULL, c->secret)) return open_for(c, &j);
  if (known && (r = run(c, job_tried, &j, true)) < 0) return call_refuse_store(c, r, "user");
  return call_refuse(c, "wrong name or password");
}

int cmd_session_check(struct command_call *c) {
  struct session_job j = {.now = clock_wall()};
  if (token_key(c->args->words[0], j.key) < 0) return call_refuse(c, "no session");
  int r = run(c, job_find, &j, false);
  if (r == CAD_ENOENT) return call_refuse(c, "no session");
  if (r < 0) return call_refuse_store(c, r, "session");
  put_user(c, &j.user, NULL);
  return EXIT_GOOD;
}

int cmd_session_close(struct command_call *c) {
  struct session_job j = {0};
  if (token_key(c->args->words[0], j.key) < 0) return call_refuse(c, "no session");
  int r = run(c, job_end, &j, true);
  return r < 0 ? call_refuse_store(c, r, "session") : EXIT_GOOD;
}

static int job_first(struct store *s, void *arg) { return store_user_put(s, &((struct session_job *)arg)->user); }

int cmd_session_setup(struct command_call *c) {
  struct session_job j = {.name = c->args->words[0], .now = clock_wall()};
  if (!setup_link_good(c->backend->config->state_dir, c->args->words[1]))
    return call_refuse(c, "this link has been used or is not ours; cadencia user add makes users on the box");
  j.user.role = ROLE_SUPERVISOR;
  if (strlen(j.name) == 0 || strlen(j.name) >= sizeof j.user.name) return call_refuse(c, "a shorter name, please");
  snprintf(j.user.name, sizeof j.user.name, "%s", j.name);
  int r = password_hash(c->secret ? c->secret : "", j.user.hash);
  if (r == CAD_EINVAL) return call_refuse(c, "a password of %d to %d bytes is wanted", PASSWORD_MIN, PASSWORD_MAX);
  if (r < 0) return call_refuse(c, "no memory to hash the password; try again");
  r = run(c, job_first, &j, true);
  if (r < 0) return call_refuse_store(c, r, "user");
  setup_link_remove(c->backend->config->state_dir);
  return open_for(c, &j);
}
