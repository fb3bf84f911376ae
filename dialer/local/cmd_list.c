/* cadencia list: how far each list came, and which is called first. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <stdlib.h>

struct show {
  const char *campaign;
  struct table *table;
  json_t *array;
};

static double percent(uint64_t of, uint64_t all) { return all ? 100.0 * (double)of / (double)all : 0; }

static int take(void *arg, const struct list_row *l) {
  struct show *s = arg;
  if (s->array) {
    json_array_append_new(s->array, json_pack("{s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:f}", "list", json_id(l->id),
                                              "campaign", json_text(l->campaign), "file", json_text(l->file), "created",
                                              json_time(l->created), "dialed", json_time(l->dialed), "priority", (int)l->priority, "share",
                                              (int)l->share, "contacts", (json_int_t)l->contacts, "tried", (json_int_t)l->tried, "reached",
                                              (json_int_t)l->reached, "done", (json_int_t)l->done, "attempts", (json_int_t)l->attempts,
                                              "penetration_pct", percent(l->tried, l->contacts)));
    return CAD_OK;
  }
  table_put(s->table, "%llu", (unsigned long long)l->id);
  table_put(s->table, "%s", l->campaign);
  table_put(s->table, "%s", l->file);
  table_put(s->table, "%u", l->priority);
  table_put(s->table, "%u", l->share);
  table_put(s->table, "%llu", (unsigned long long)l->contacts);
  table_put(s->table, "%llu (%.1f %%)", (unsigned long long)l->tried, percent(l->tried, l->contacts));
  table_put(s->table, "%llu (%.1f %%)", (unsigned long long)l->reached, percent(l->reached, l->contacts));
  table_put(s->table, "%llu (%.1f %%)", (unsigned long long)l->done, percent(l->done, l->contacts));
  table_put(s->table, "%llu", (unsigned long long)l->attempts);
  table_put(s->table, "%.2f", l->tried ? (double)l->attempts / (double)l->tried : 0.0);
  return CAD_OK;
}
static int job_show(struct store *s, void *arg) { return store_list_each(s, ((struct show *)arg)->campaign, take, arg); }

int cmd_list_show(struct command_call *c) {
  static const char *const HEADS[] = {"LIST",   "CAMPAIGN", "FILE",      ">PRIORITY", ">SHARE",       ">CONTACTS",
                                      ">TRIED", ">REACHED", ">FINISHED", ">CALLS",    ">CALLS/TRIED", NULL};
  struct show s = {call_option(c, OPT_CAMPAIGN), call_json(c) ? NULL : table_create(HEADS), call_json(c) ? json_array() : NULL};
  int r = c->backend->run(c->backend->self, job_show, &s, false);
  int status = EXIT_GOOD;
  if (r < 0) {
    status = r == CAD_ENOENT ? call_refuse(c, "there is no campaign \"%.40s\"", s.campaign) : call_refuse_store(c, r, "lists");
    json_decref(s.array);
  } else if (s.array) {
    call_put_json(c, json_pack("{s:o}", "lists", s.array));
  } else {
    table_print(s.table, c->out, "no lists yet; cadencia import loads one");
  }
  table_destroy(s.table);
  return status;
}

struct tune {
  uint64_t id;
  long priority, share; /* -1: as it is */
};

static int keep_old(void *arg, const struct list_row *l) {
  struct tune *t = arg;
  if (l->id != t->id) return CAD_OK;
  if (t->priority < 0) t->priority = l->priority;
  if (t->share < 0) t->share = l->share;
  return CAD_OK;
}
static int job_tune(struct store *s, void *arg) {
  struct tune *t = arg;
  int r = store_list_each(s, NULL, keep_old, t);
  if (r < 0) return r;
  return t->priority < 0 || t->share < 0 ? CAD_ENOENT : store_list_tune(s, t->id, (uint8_t)t->priority, (uint8_t)t->share);
}

/* A number of 1 .. 100; -1: not given, -2: not good. */
static long one_to_hundred(const char *text) {
  char *end;
  if (!text) return -1;
  long v = strtol(text, &end, 10);
  return *end || v < 1 || v > 100 ? -2 : v;
}

int cmd_list_set(struct command_call *c) {
  char *end;
  struct tune t = {strtoull(c->args->words[0], &end, 10), one_to_hundred(call_option(c, OPT_PRIORITY)),
                   one_to_hundred(call_option(c, OPT_SHARE))};
  if (*end || t.id == 0) return call_refuse(c, "\"%.40s\" is no list; cadencia list show shows their numbers", c->args->words[0]);
  if (t.priority == -2 || t.share == -2) return call_refuse(c, "priority and share are numbers from 1 to 100");
  if (t.priority < 0 && t.share < 0) return call_refuse(c, "give --priority N, --share N or both");
  int r = c->backend->run(c->backend->self, job_tune, &t, true);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no list %llu; cadencia list show shows them", (unsigned long long)t.id);
  if (r < 0) return call_refuse_store(c, r, "list");
  if (call_json(c))
    call_put_json(c, json_pack("{s:o, s:i, s:i}", "list", json_id(t.id), "priority", (int)t.priority, "share", (int)t.share));
  else
    fprintf(c->out, "list %llu: priority %ld, share %ld\n", (unsigned long long)t.id, t.priority, t.share);
  return EXIT_GOOD;
}
