/* cadencia user: who may sign in to the console. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/setup_link.h"
#include <cadencia/err.h>
#include <campaigns/users.h>
#include <string.h>

struct user_job {
  const char *name;
  struct user_def def;
};
static int job_put(struct store *s, void *arg) { return store_user_put(s, &((struct user_job *)arg)->def); }
static int job_get(struct store *s, void *arg) {
  struct user_job *j = arg;
  return store_user_get(s, j->name, &j->def);
}
static int job_remove(struct store *s, void *arg) { return store_user_remove(s, ((struct user_job *)arg)->name); }

static bool name_good(const char *name) {
  size_t n = strlen(name);
  return n > 0 && n < MAIL_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@") == n &&
         name[0] != '-';
}

/* Hashing takes its tenth of a second here, on the command's own thread. */
static int hash_password(struct command_call *c, char out[USER_HASH_MAX]) {
  int r = password_hash(c->secret ? c->secret : "", out);
  if (r == CAD_EINVAL) return call_refuse(c, "a password of %d to %d bytes is wanted", PASSWORD_MIN, PASSWORD_MAX);
  return r < 0 ? call_refuse(c, "no memory to hash the password; try again") : EXIT_GOOD;
}

static int put(struct command_call *c, struct user_job *j, const char *done) {
  int r = c->backend->run(c->backend->self, job_put, j, true);
  if (r == CAD_EEXIST)
    return call_refuse(c, "user \"%s\" is there already; cadencia user password %s sets a new password", j->name, j->name);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no agent \"%.40s\"; make it with cadencia agent add", j->def.agent);
  if (r < 0) return call_refuse_store(c, r, "user");
  if (call_json(c))
    call_put_json(c, json_pack("{s:o, s:s}", "user", json_text(j->name), "role", user_role_name((enum user_role)j->def.role)));
  else
    fprintf(c->out, "user %s %s, %s\n", j->name, done, user_role_name((enum user_role)j->def.role));
  return EXIT_GOOD;
}

int cmd_user_add(struct command_call *c) {
  struct user_job j = {.name = c->args->words[0]};
  int role = user_role_parse(call_option(c, OPT_ROLE));
  const char *agent = call_option(c, OPT_AGENT);
  if (role < 0 || (role == ROLE_AGENT) != (agent != NULL)) {
    fputs("cadencia user add: --role supervisor, or --role agent with --agent NAME\n", c->err);
    return EXIT_USAGE;
  }
  if (!name_good(j.name))
    return call_refuse(c, "the name \"%.40s\" must be up to %d letters, digits, '.', '_', '@' or '-'", j.name, MAIL_NAME_MAX - 1);
  j.def.role = (uint8_t)role;
  snprintf(j.def.name, sizeof j.def.name, "%s", j.name);
  snprintf(j.def.agent, sizeof j.def.agent, "%s", agent ? agent : "");
  int status = hash_password(c, j.def.hash);
  if (status == EXIT_GOOD) status = put(c, &j, "made");
  if (status == EXIT_GOOD) setup_link_remove(c->backend->config->state_dir);
  return status;
}

int cmd_user_password(struct command_call *c) {
  struct user_job j = {.name = c->args->words[0]};
  int r = c->backend->run(c->backend->self, job_get, &j, false);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no user \"%.40s\"; cadencia user list shows them", j.name);
  if (r < 0) return call_refuse_store(c, r, "user");
  int status = hash_password(c, j.def.hash);
  return status != EXIT_GOOD ? status : put(c, &j, "has a new password");
}

int cmd_user_remove(struct command_call *c) {
  struct user_job j = {.name = c->args->words[0]};
  int r = c->backend->run(c->backend->self, job_remove, &j, true);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no user \"%.40s\"; cadencia user list shows them", j.name);
  if (r < 0) return call_refuse_store(c, r, "user");
  if (call_json(c))
    call_put_json(c, json_pack("{s:o}", "removed", json_text(j.name)));
  else
    fprintf(c->out, "user %s removed; open sessions end now\n", j.name);
  return EXIT_GOOD;
}

struct listing {
  json_t *rows;
};
static int list_row(void *arg, const struct user_def *d) {
  json_t *row = json_pack("{s:o, s:s, s:o, s:o}", "user", json_text(d->name), "role", user_role_name((enum user_role)d->role), "agent",
                          json_text(d->agent), "locked_until", json_time(d->locked_until));
  return json_array_append_new(((struct listing *)arg)->rows, row) == 0 ? CAD_OK : CAD_ENOMEM;
}
static int job_list(struct store *s, void *arg) { return store_user_list(s, list_row, arg); }

int cmd_user_list(struct command_call *c) {
  struct listing l = {json_array()};
  int r = c->backend->run(c->backend->self, job_list, &l, false);
  if (r < 0) {
    json_decref(l.rows);
    return call_refuse_store(c, r, "user");
  }
  if (call_json(c)) {
    call_put_json(c, l.rows);
    return EXIT_GOOD;
  }
  size_t i;
  json_t *row;
  if (json_array_size(l.rows) == 0) fputs("nobody may sign in yet; cadencia user add NAME --role supervisor makes the first\n", c->out);
  json_array_foreach(l.rows, i, row) {
    if (i == 0) fprintf(c->out, "%-24s %-12s %s\n", "USER", "ROLE", "AGENT");
    fprintf(c->out, "%-24s %-12s %s\n", json_string_value(json_object_get(row, "user")), json_string_value(json_object_get(row, "role")),
            json_string_value(json_object_get(row, "agent")));
  }
  json_decref(l.rows);
  return EXIT_GOOD;
}
