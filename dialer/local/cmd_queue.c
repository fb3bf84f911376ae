/* cadencia queue: where callers wait. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include "dialer/local/template_queue.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct queue_job {
  const char *name;
  struct queue_def def;
  bool change;
  uint64_t gone;
};

static bool name_good(const char *name) {
  size_t n = strlen(name);
  return n > 0 && n < MAIL_NAME_MAX && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

static int job_put(struct store *s, void *arg) {
  struct queue_job *j = arg;
  struct queue_def old;
  int r = store_queue_get(s, j->name, &old);
  if (j->change && r < 0) return r == CAD_ENOENT ? CAD_EVERSION : r; /* told apart from a campaign that is not there */
  j->def.terms.id = j->change ? old.terms.id : 0;
  return store_queue_put(s, &j->def);
}

static int announce(struct command_call *c, uint64_t gone_queue, uint64_t gone_did) {
  if (!c->backend->daemon) return EXIT_GOOD;
  int r = c->backend->announce_queues(c->backend->self, gone_queue, gone_did);
  return r < 0 ? call_refuse(c, "kept, but the floor could not be told (%s); restart the daemon", err_name(r)) : EXIT_GOOD;
}

static int read_file(struct command_call *c, struct queue_def *out) {
  const char *path = call_option(c, OPT_FROM);
  int fd = c->file < 0 ? -1 : dup(c->file);
  FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
  if (!in) {
    if (fd >= 0) close(fd);
    return call_refuse(c, "%s cannot be read", path);
  }
  char *errors = NULL;
  size_t size = 0;
  FILE *err = open_memstream(&errors, &size);
  int r = template_queue_read(in, path, out, err);
  fclose(in);
  if (err) fclose(err);
  if (r < 0) fputs(errors ? errors : "", c->err);
  free(errors);
  return r < 0 ? call_refuse(c, "%s was not accepted; mend the lines named and try again", path) : EXIT_GOOD;
}

static int put(struct command_call *c, bool change) {
  struct queue_job j = {.name = c->args->words[0], .change = change};
  if (!name_good(j.name))
    return call_refuse(c, "the name \"%.40s\" must be up to %d letters, digits, '.', '_' or '-'", j.name, MAIL_NAME_MAX - 1);
  int status = read_file(c, &j.def);
  if (status != EXIT_GOOD) return status;
  snprintf(j.def.terms.name, sizeof j.def.terms.name, "%s", j.name);
  int r = c->backend->run(c->backend->self, job_put, &j, true);
  if (r == CAD_EEXIST) return call_refuse(c, "queue \"%s\" is there already; cadencia queue set changes it", j.name);
  if (r == CAD_EVERSION) return call_refuse(c, "there is no queue \"%.40s\"; cadencia queue list shows them", j.name);
  if (r == CAD_ENOENT && j.def.overflow[0])
    return call_refuse(c, "there is no campaign \"%s\", or no queue \"%s\" to overflow into", j.def.campaign, j.def.overflow);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no campaign \"%s\"; cadencia campaign list shows them", j.def.campaign);
  if (r == CAD_EINVAL && j.def.has_hours)
    return call_refuse(c, "the hours, or the zone \"%s\", are not good, or the queue overflows into itself", j.def.zone);
  if (r == CAD_EFULL) return call_refuse(c, "a box takes 32 queues; delete one that is not used");
  if (r < 0) return call_refuse_store(c, r, "queue");
  if ((status = announce(c, 0, 0)) != EXIT_GOOD) return status;
  if (call_json(c))
    call_put_json(c, json_pack("{s:o, s:o}", "queue", json_text(j.name), "id", json_id(j.def.terms.id)));
  else if (change)
    fprintf(c->out, "queue %s changed; callers who wait there go by the new terms\n", j.name);
  else
    fprintf(c->out, "queue %s made, served by the agents of %s. Next: cadencia did add NUMBER %s\n", j.name, j.def.campaign, j.name);
  return EXIT_GOOD;
}

int cmd_queue_create(struct command_call *c) { return put(c, false); }
int cmd_queue_set(struct command_call *c) { return put(c, true); }

static int job_delete(struct store *s, void *arg) {
  struct queue_job *j = arg;
  return store_queue_delete(s, j->name, &j->gone);
}

int cmd_queue_delete(struct command_call *c) {
  struct queue_job j = {.name = c->args->words[0]};
  int r = c->backend->run(c->backend->self, job_delete, &j, true);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no queue \"%.40s\"; cadencia queue list shows them", j.name);
  if (r == CAD_EBUSY)
    return call_refuse(c, "a number or another queue still leads to \"%.40s\"; cadencia did list and queue show say which", j.name);
  if (r < 0) return call_refuse_store(c, r, "queue");
  int status = announce(c, j.gone, 0);
  if (status != EXIT_GOOD) return status;
  if (call_json(c))
    call_put_json(c, json_pack("{s:o}", "deleted", json_text(j.name)));
  else
    fprintf(c->out, "queue %s deleted; its calls stay in the records\n", j.name);
  return EXIT_GOOD;
}

/* ---- list, show ---- */

struct show {
  const char *only;
  struct live *live;
  struct table *table;
  json_t *array;
  struct queue_def found;
  bool any;
};

static const struct live_queue *live_of(const struct show *s, const char *name) {
  for (uint32_t i = 0; s->live && i < s->live->queue_count; i++)
    if (strncmp(s->live->queues[i].name, name, MAIL_NAME_MAX) == 0) return &s->live->queues[i];
  return NULL;
}

json_t *queue_live_json(const struct live_queue *q) {
  uint64_t done = q->served + q->left + q->timed_out + q->full;
  json_t *j = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "waiting", (int)q->waiting, "longest_wait_ms", (int)q->longest_ms, "talking",
                        (int)q->talking, "agents", (int)q->staff, "agents_idle", (int)q->idle, "service_ms", (int)q->service_ms);
  static const char *const NAMES[] = {"offered", "answered", "in_time",    "abandoned", "timed_out",
                                      "full",    "closed",   "overflowed", "refused"};
  const uint64_t counts[] = {q->offered, q->served, q->in_time, q->left, q->timed_out, q->full, q->closed, q->overflowed, q->refused};
  for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) json_object_set_new(j, NAMES[i], json_integer((json_int_t)counts[i]));
  json_object_set_new(j, "service_level_pct", done ? json_real(100.0 * (double)q->in_time / (double)done) : json_null());
  json_object_set_new(j, "mean_wait_answered_ms", json_integer((json_int_t)(q->served ? q->served_wait_ms / q->served : 0)));
  json_object_set_new(j, "mean_wait_abandoned_ms", json_integer((json_int_t)(q->left ? q->left_wait_ms / q->left : 0)));
  return j;
}

static json_t *terms_json(const struct queue_def *d) {
  const struct queue_terms *t = &d->terms;
  json_t *j = json_pack("{s:o, s:o, s:o, s:i, s:o, s:i, s:i, s:i, s:b, s:b, s:i, s:o}", "queue", json_text(t->name), "id", json_id(t->id),
                        "campaign", json_text(d->campaign), "priority", (int)t->priority, "skills", json_text(d->skills), "timeout_s",
                        (int)(t->timeout_ms / 1000), "places", (int)t->places, "say_every_s", (int)(t->say_every_ms / 1000), "say_place",
                        (int)t->say_place, "say_wait", (int)t->say_wait, "service_s", (int)(t->service_ms / 1000), "overflow",
                        json_text(d->overflow));
  json_object_set_new(j, "hello", json_text(d->hello));
  json_object_set_new(j, "music", json_text(d->music));
  json_object_set_new(j, "sorry", json_text(d->sorry));
  json_object_set_new(j, "closed", json_text(d->closed));
  json_object_set_new(j, "language", json_text(d->language));
  json_object_set_new(j, "zone", json_text(d->zone));
  json_t *hours = d->has_hours ? json_array() : json_null();
  for (int i = 0; d->has_hours && i < 7; i++)
    json_array_append_new(hours, json_pack("[ii]", (int)d->hours.open[i], (int)d->hours.close[i]));
  json_object_set_new(j, "hours", hours);
  return j;
}

static int take(void *arg, const struct queue_def *d) {
  struct show *s = arg;
  const struct live_queue *l = live_of(s, d->terms.name);
  if (s->only && strcmp(s->only, d->terms.name) != 0) return CAD_OK;
  s->any = true;
  s->found = *d;
  if (s->array) {
    json_t *j = terms_json(d);
    json_object_set_new(j, "now", l ? queue_live_json(l) : json_null());
    json_array_append_new(s->array, j);
    return CAD_OK;
  }
  uint64_t done = l ? l->served + l->left + l->timed_out + l->full : 0;
  table_put(s->table, "%s", d->terms.name);
  table_put(s->table, "%s", d->campaign);
  table_put(s->table, "%u", d->terms.priority);
  table_put(s->table, l ? "%u" : "-", l ? l->waiting : 0);
  table_put(s->table, l ? "%u s" : "-", l ? l->longest_ms / 1000 : 0);
  table_put(s->table, l ? "%u/%u" : "-", l ? l->idle : 0, l ? l->staff : 0);
  table_put(s->table, l ? "%llu" : "-", l ? (unsigned long long)l->offered : 0);
  table_put(s->table, l ? "%llu" : "-", l ? (unsigned long long)l->served : 0);
  table_put(s->table, l ? "%llu" : "-", l ? (unsigned long long)l->left : 0);
  table_put(s->table, done ? "%.1f %% in %u s" : "-", done ? 100.0 * (double)l->in_time / (double)done : 0.0, d->terms.service_ms / 1000);
  return CAD_OK;
}
static int job_show(struct store *s, void *arg) { return store_queue_each(s, take, arg); }

static int look(struct command_call *c, struct show *s) {
  s->live = c->backend->daemon ? calloc(1, sizeof *s->live) : NULL;
  if (s->live) c->backend->live(c->backend->self, s->live);
  int r = c->backend->run(c->backend->self, job_show, s, false);
  free(s->live);
  s->live = NULL;
  return r;
}

int cmd_queue_list(struct command_call *c) {
  static const char *const HEADS[] = {"QUEUE",    "CAMPAIGN",  ">PRIORITY",  ">WAITING",       ">LONGEST", ">IDLE/AGENTS",
                                      ">OFFERED", ">ANSWERED", ">ABANDONED", ">SERVICE LEVEL", NULL};
  struct show s = {.table = call_json(c) ? NULL : table_create(HEADS), .array = call_json(c) ? json_array() : NULL};
  int r = look(c, &s), status = EXIT_GOOD;
  if (r < 0) {
    status = call_refuse_store(c, r, "queues");
    json_decref(s.array);
  } else if (s.array) {
    call_put_json(c, json_pack("{s:o}", "queues", s.array));
  } else {
    table_print(s.table, c->out, "no queues yet; cadencia queue create makes one");
  }
  table_destroy(s.table);
  return status;
}

struct numbers {
  uint64_t queue;
  FILE *out;
  int count;
};
static int print_number(void *arg, const struct did_row *d) {
  struct numbers *n = arg;
  if (d->queue_id == n->queue) fprintf(n->out, "%s%llu", n->count++ ? ", " : "", (unsigned long long)d->number);
  return CAD_OK;
}
static int job_numbers(struct store *s, void *arg) { return store_did_each(s, print_number, arg); }

static void print_hours(FILE *out, const struct queue_def *d) {
  static const char *const DAYS[7] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  if (!d->has_hours) {
    fprintf(out, "  hours      always open\n");
    return;
  }
  fprintf(out, "  hours      ");
  for (int i = 0; i < 7; i++)
    if (d->hours.open[i] != d->hours.close[i])
      fprintf(out, "%s %02u:%02u-%02u:%02u  ", DAYS[i], d->hours.open[i] / 60, d->hours.open[i] % 60, d->hours.close[i] / 60,
              d->hours.close[i] % 60);
  fprintf(out, "(%s)\n", d->zone);
}

int cmd_queue_show(struct command_call *c) {
  struct show s = {.only = c->args->words[0], .array = json_array()};
  int r = look(c, &s);
  if (r < 0 || !s.any) {
    json_decref(s.array);
    return r < 0 ? call_refuse_store(c, r, "queue") : call_refuse(c, "there is no queue \"%.40s\"; cadencia queue list shows them", s.only);
  }
  if (call_json(c)) {
    call_put_json(c, json_incref(json_array_get(s.array, 0)));
    json_decref(s.array);
    return EXIT_GOOD;
  }
  json_decref(s.array);
  const struct queue_def *d = &s.found;
  struct numbers n = {d->terms.id, c->out, 0};
  fprintf(c->out, "queue %s, served by agents of %s%s%s, priority %u\n  numbers    ", d->terms.name, d->campaign,
          d->skills[0] ? " who have " : "", d->skills, d->terms.priority);
  c->backend->run(c->backend->self, job_numbers, &n, false);
  fprintf(c->out, "%s\n", n.count ? "" : "none; cadencia did add NUMBER QUEUE");
  print_hours(c->out, d);
  fprintf(c->out, "  prompts    hello %s, music %s, sorry %s, closed %s\n", d->hello[0] ? d->hello : "-", d->music[0] ? d->music : "-",
          d->sorry[0] ? d->sorry : "-", d->closed[0] ? d->closed : "-");
  fprintf(c->out, "  told       %s%s%s every %u s (%s)\n", d->terms.say_place ? "place" : "",
          d->terms.say_place && d->terms.say_wait ? ", " : "",
          d->terms.say_wait    ? "wait"
          : d->terms.say_place ? ""
                               : "nothing",
          d->terms.say_every_ms / 1000, d->language);
  fprintf(c->out, "  waits      at most %u s, %u callers; then %s%s\n", d->terms.timeout_ms / 1000, d->terms.places,
          d->overflow[0] ? "queue " : "the message", d->overflow);
  fprintf(c->out, "  in time    within %u s\n", d->terms.service_ms / 1000);
  return EXIT_GOOD;
}

/* ---- cadencia did: the numbers that lead there ---- */

/* As people and trunks write it: "+34 910 000 001"; 0: no number. */
static uint64_t read_number(const char *text) {
  uint64_t n = 0;
  int digits = 0;
  for (const char *p = text; *p; p++) {
    if (*p >= '0' && *p <= '9') {
      n = n * 10 + (uint64_t)(*p - '0');
      if (++digits > 15) return 0;
    } else if (!strchr(" -().", *p) && !(*p == '+' && p == text)) {
      return 0;
    }
  }
  return digits >= 3 ? n : 0;
}

struct did_job {
  uint64_t number;
  const char *queue;
};
static int job_did_put(struct store *s, void *arg) {
  struct did_job *j = arg;
  return store_did_put(s, j->number, j->queue);
}
static int job_did_remove(struct store *s, void *arg) { return store_did_remove(s, ((struct did_job *)arg)->number); }

int cmd_did_add(struct command_call *c) {
  struct did_job j = {read_number(c->args->words[0]), c->args->words[1]};
  if (j.number == 0)
    return call_refuse(c, "\"%.40s\" is no number; write its digits as the trunk does, as +34910000001", c->args->words[0]);
  int r = c->backend->run(c->backend->self, job_did_put, &j, true);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no queue \"%.40s\"; cadencia queue list shows them", j.queue);
  if (r == CAD_EFULL) return call_refuse(c, "a box takes 512 numbers; remove one that is not used");
  if (r < 0) return call_refuse_store(c, r, "number");
  int status = announce(c, 0, 0);
  if (status != EXIT_GOOD) return status;
  if (call_json(c))
    call_put_json(c, json_pack("{s:o, s:o}", "number", json_id(j.number), "queue", json_text(j.queue)));
  else
    fprintf(c->out, "calls to %llu go to queue %s\n", (unsigned long long)j.number, j.queue);
  return EXIT_GOOD;
}

int cmd_did_remove(struct command_call *c) {
  struct did_job j = {.number = read_number(c->args->words[0])};
  int r = c->backend->run(c->backend->self, job_did_remove, &j, true);
  if (r == CAD_ENOENT)
    return call_refuse(c, "the number \"%.40s\" leads nowhere; cadencia did list shows those that do", c->args->words[0]);
  if (r < 0) return call_refuse_store(c, r, "number");
  int status = announce(c, 0, j.number);
  if (status != EXIT_GOOD) return status;
  if (call_json(c))
    call_put_json(c, json_pack("{s:o}", "removed", json_id(j.number)));
  else
    fprintf(c->out, "calls to %llu are refused from now on\n", (unsigned long long)j.number);
  return EXIT_GOOD;
}

static int take_did(void *arg, const struct did_row *d) {
  struct show *s = arg;
  if (s->array) {
    json_array_append_new(
        s->array, json_pack("{s:o, s:o, s:o}", "number", json_id(d->number), "queue", json_text(d->queue), "added", json_time(d->added)));
    return CAD_OK;
  }
  char added[25];
  clock_iso8601(d->added, added);
  table_put(s->table, "%llu", (unsigned long long)d->number);
  table_put(s->table, "%s", d->queue);
  table_put(s->table, "%s", added);
  return CAD_OK;
}
static int job_did_list(struct store *s, void *arg) { return store_did_each(s, take_did, arg); }

int cmd_did_list(struct command_call *c) {
  static const char *const HEADS[] = {"NUMBER", "QUEUE", "SINCE", NULL};
  struct show s = {.table = call_json(c) ? NULL : table_create(HEADS), .array = call_json(c) ? json_array() : NULL};
  int r = c->backend->run(c->backend->self, job_did_list, &s, false), status = EXIT_GOOD;
  if (r < 0) {
    status = call_refuse_store(c, r, "numbers");
    json_decref(s.array);
  } else if (s.array) {
    call_put_json(c, json_pack("{s:o}", "numbers", s.array));
  } else {
    table_print(s.table, c->out, "no numbers yet; cadencia did add leads one to a queue");
  }
  table_destroy(s.table);
  return status;
}
