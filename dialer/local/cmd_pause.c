/* cadencia pause: the reasons that agents give for their pauses. */
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <campaigns/pauses.h>
#include <string.h>

struct show {
  const char *campaign;
  struct table *table;
  json_t *array;
};

static int take(void *arg, const struct pause_reason *p, bool own) {
  struct show *s = arg;
  if (s->array) {
    json_array_append_new(s->array, json_pack("{s:o, s:o, s:b}", "code", json_text(p->code), "name", json_text(p->name), "own", (int)own));
    return CAD_OK;
  }
  table_put(s->table, "%s", p->code);
  table_put(s->table, "%s", p->name);
  table_put(s->table, "%s", own ? "own" : "");
  return CAD_OK;
}
static int job_list(struct store *st, void *arg) { return store_pause_each(st, ((struct show *)arg)->campaign, take, arg); }

int cmd_pause_list(struct command_call *c) {
  static const char *const HEADS[] = {"CODE", "MEANING", "", NULL};
  struct show s = {call_option(c, OPT_CAMPAIGN), call_json(c) ? NULL : table_create(HEADS), call_json(c) ? json_array() : NULL};
  int r = c->backend->run(c->backend->self, job_list, &s, false), status = EXIT_GOOD;
  if (r < 0) {
    status = r == CAD_ENOENT ? call_refuse(c, "there is no campaign \"%.40s\"", s.campaign) : call_refuse_store(c, r, "reasons");
    json_decref(s.array);
  } else if (s.array) {
    call_put_json(c, json_pack("{s:o}", "pauses", s.array));
  } else {
    table_print(s.table, c->out, "no reasons");
  }
  table_destroy(s.table);
  return status;
}

struct edit {
  const char *campaign;
  struct pause_reason p;
};
static int job_add(struct store *st, void *arg) { return store_pause_put(st, ((struct edit *)arg)->campaign, &((struct edit *)arg)->p); }
static int job_remove(struct store *st, void *arg) {
  return store_pause_remove(st, ((struct edit *)arg)->campaign, ((struct edit *)arg)->p.code);
}

int cmd_pause_add(struct command_call *c) {
  struct edit e = {.campaign = call_option(c, OPT_CAMPAIGN)};
  const char *code = c->args->words[0];
  if (strlen(code) > 7) return call_refuse(c, "a code has up to 7 capital letters and digits, as LUNCH");
  snprintf(e.p.code, sizeof e.p.code, "%s", code);
  snprintf(e.p.name, sizeof e.p.name, "%.47s", call_option(c, OPT_NAME));
  int r = c->backend->run(c->backend->self, job_add, &e, true);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no campaign \"%.40s\"", e.campaign);
  if (r == CAD_EINVAL) return call_refuse(c, "a code has up to 7 capital letters and digits, as LUNCH");
  if (r < 0) return call_refuse_store(c, r, "reason");
  if (call_json(c))
    call_put_json(c, json_pack("{s:o}", "code", json_text(e.p.code)));
  else
    fprintf(c->out, "reason %s holds for %s; own reasons take the place of the field's\n", e.p.code,
            e.campaign ? e.campaign : "every campaign without reasons of its own");
  return EXIT_GOOD;
}

int cmd_pause_remove(struct command_call *c) {
  struct edit e = {.campaign = call_option(c, OPT_CAMPAIGN)};
  snprintf(e.p.code, sizeof e.p.code, "%.7s", c->args->words[0]);
  int r = c->backend->run(c->backend->self, job_remove, &e, true);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no such campaign or own reason; cadencia pause list shows them");
  if (r < 0) return call_refuse_store(c, r, "reason");
  if (call_json(c))
    call_put_json(c, json_pack("{s:o}", "removed", json_text(e.p.code)));
  else
    fprintf(c->out, "reason %s removed\n", e.p.code);
  return EXIT_GOOD;
}
