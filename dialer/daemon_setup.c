/* From the configuration to what children and control are told. */
#include "dialer/daemon_setup.h"
#include <stdio.h>
#include <string.h>

enum { SETUP_SIP_BUFFER = 4 << 20 };

bool setup_console(struct supervised *s, const struct config *c) {
  if (!c->console_host[0]) return false;
  snprintf(s->name, sizeof s->name, "console");
  snprintf(s->spec, sizeof s->spec, "%s", c->console_host);
  snprintf(s->spec2, sizeof s->spec2, "%u", c->console_port);
  s->argv[0] = (char *)"cadencia";
  s->argv[1] = (char *)"console-worker";
  s->argv[2] = s->spec;
  s->argv[3] = s->spec2;
  s->argv[4] = (char *)(uintptr_t)c->state_dir;
  s->buffer_bytes = 1 << 20;
  return true;
}

void setup_sip(struct supervised *s, const struct config *config, unsigned w) {
  const struct config_listener *c = &config->listeners[w];
  bool v6 = strchr(c->bind_host, ':') != NULL;
  snprintf(s->name, sizeof s->name, "SIP worker %.16s", c->name);
  /* gen stays last: supervised_start rewrites it */
  snprintf(s->spec, sizeof s->spec, "bind=%s%s%s:%u;transport=%s;tls_dir=%s;advertise=%s;loopback=%d;worker=%u;legs=%u;gen=1",
           v6 ? "[" : "", c->bind_host, v6 ? "]" : "", c->bind_port, c->transport, c->tls_dir, c->advertise, config->loopback_only, w,
           config->limit_calls + config->limit_agents < 65536 ? config->limit_calls + config->limit_agents : 65536);
  s->argv[0] = (char *)"cadencia";
  s->argv[1] = (char *)"sip-worker";
  s->argv[2] = s->spec;
  s->buffer_bytes = SETUP_SIP_BUFFER;
  s->pings = true;
}

/* 0: it stands alone; else a number that its group shares. */
uint16_t setup_trunk_group(const struct config *c, unsigned t) {
  unsigned first = 0;
  while (c->trunks[t].group[0] && first < t && strcmp(c->trunks[first].group, c->trunks[t].group) != 0) first++;
  return (uint16_t)(c->trunks[t].group[0] ? first + 1 : 0);
}

void setup_trunk(const struct config_trunk *trunk, uint16_t index, struct wide *m) {
  struct wide_trunk *s = &m->u.trunk;
  s->trunk = index;
  s->registers = trunk->registers;
  s->expires_s = trunk->expires_s;
  s->options_s = trunk->options_s;
  memcpy(s->codecs, trunk->codecs, sizeof s->codecs);
  s->codec_count = trunk->codec_count;
  memcpy(s->proxy, trunk->proxy, sizeof trunk->proxy);
  memcpy(s->user, trunk->user, sizeof trunk->user);
  memcpy(s->password, trunk->password, sizeof trunk->password);
  memcpy(s->sources, trunk->sources, sizeof s->sources);
  s->source_count = trunk->source_count;
  memcpy(s->domain, trunk->domain, sizeof trunk->domain);
  memcpy(s->tls_name, trunk->tls_name, sizeof trunk->tls_name);
}
