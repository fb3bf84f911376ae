/* setup_link.h — the one-time code by which the first supervisor is made: a file of mode 0600 in state_dir, there until it
 * is used or somebody else was made first. Thread: any. Source: setup_link.c */
#ifndef CADENCIA_LOCAL_SETUP_LINK_H
#define CADENCIA_LOCAL_SETUP_LINK_H

#include "dialer/store_worker.h"
#include <campaigns/users.h>
#include <stdbool.h>

enum { SETUP_CODE_MAX = TOKEN_TEXT_MAX };
/* Is it needed, since nobody may sign in yet? Then code has it, made when there is none. */
bool setup_link_offer(struct store_worker *store, const char *state_dir, char code[SETUP_CODE_MAX]);
bool setup_link_good(const char *state_dir, const char *code);
void setup_link_remove(const char *state_dir);

#endif
