#include "dialer/reload.h"
#include <string.h>

static void say(char *list, size_t size, const char *key) {
  size_t n = strlen(list);
  if (n + strlen(key) + 3 > size) return;
  if (n) strcat(list, ", ");
  strcat(list, key);
}

static int take_trunk(struct config_trunk *t, const struct config_trunk *next) {
  int changed = strcmp(t->proxy, next->proxy) != 0;
  changed += strcmp(t->user, next->user) != 0 || strcmp(t->password, next->password) != 0 || t->registers != next->registers;
  changed += strcmp(t->domain, next->domain) != 0 || strcmp(t->tls_name, next->tls_name) != 0 || t->options_s != next->options_s ||
             t->expires_s != next->expires_s;
  changed += t->source_count != next->source_count || memcmp(t->sources, next->sources, sizeof t->sources) != 0;
  changed += t->caller_id != next->caller_id;
  changed += t->channels != next->channels;
  changed += t->calls_per_s != next->calls_per_s;
  changed += t->codec_count != next->codec_count || memcmp(t->codecs, next->codecs, sizeof t->codecs) != 0;
  *t = *next;
  return changed;
}

static bool same_listeners(const struct config *a, const struct config *b) {
  bool same = a->listener_count == b->listener_count;
  for (unsigned i = 0; same && i < a->listener_count; i++) {
    const struct config_listener *x = &a->listeners[i], *y = &b->listeners[i];
    same = strcmp(x->name, y->name) == 0 && strcmp(x->bind_host, y->bind_host) == 0 && x->bind_port == y->bind_port &&
           strcmp(x->transport, y->transport) == 0 && strcmp(x->advertise, y->advertise) == 0 && x->media_port_min == y->media_port_min &&
           x->media_port_max == y->media_port_max;
  }
  return same;
}

int reload_merge(struct config *running, const struct config *next, char *restart, size_t size) {
  int changed = running->drain_s != next->drain_s;
  running->drain_s = next->drain_s;
  restart[0] = 0;
  bool same_trunks = running->trunk_count == next->trunk_count;
  for (unsigned i = 0; same_trunks && i < next->trunk_count; i++)
    same_trunks = strcmp(running->trunks[i].name, next->trunks[i].name) == 0 && running->trunks[i].listener == next->trunks[i].listener;
  bool listeners = same_listeners(running, next);
  if (!same_trunks) say(restart, size, "the list of trunks");
  for (unsigned i = 0; same_trunks && listeners && i < next->trunk_count; i++) changed += take_trunk(&running->trunks[i], &next->trunks[i]);
  if (!listeners) say(restart, size, "listeners");
  if (strcmp(running->state_dir, next->state_dir) != 0) say(restart, size, "state_dir");
  if (strcmp(running->console_host, next->console_host) != 0 || running->console_port != next->console_port) say(restart, size, "console");
  if (running->limit_calls != next->limit_calls || running->limit_agents != next->limit_agents ||
      running->limit_contacts != next->limit_contacts)
    say(restart, size, "limits");
  if (strcmp(running->log_file, next->log_file) != 0) say(restart, size, "log_file");
  if (running->box != next->box) say(restart, size, "box");
  return changed;
}
