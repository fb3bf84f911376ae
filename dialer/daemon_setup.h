/* daemon_setup.h — from the configuration to what children and control are told. Pure. Owner: daemon_loop.c. Source: daemon_setup.c */
#ifndef CADENCIA_DAEMON_SETUP_H
#define CADENCIA_DAEMON_SETUP_H

#include "dialer/base/wide.h"
#include "dialer/daemon_loop.h"

bool setup_console(struct supervised *s, const struct config *c); /* false: there is none */
void setup_sip(struct supervised *s, const struct config *config, unsigned w);
void setup_trunk(const struct config_trunk *trunk, uint16_t index, struct wide *m);
/* 0: it stands alone; else a number that its group shares. */
uint16_t setup_trunk_group(const struct config *c, unsigned t);

#endif
