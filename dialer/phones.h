/* phones.h — phones that may register, and where they are: kept for the next SIP worker, and in a file for the next start.
 *
 * Owner: the control thread. Source: phones.c */
#ifndef CADENCIA_PHONES_H
#define CADENCIA_PHONES_H

#include "dialer/base/wide.h"

enum { PHONES_CONTACTS = 4 };
struct phones;
/* path NULL: memory only. NULL: no memory. */
struct phones *phones_open(const char *path, uint32_t agents_max);
struct phones *phones_close(struct phones *p);
/* Keeps the account that the store announced (or forgets it); false: no room. */
bool phones_account(struct phones *p, const struct mail_store_phone *m, struct wide_account *out);
/* What a worker said of a contact. */
void phones_bound(struct phones *p, uint16_t listener, const struct wide_binding *b);
/* Does this agent's phone answer somewhere? Its listener, or -1. */
int phones_where(const struct phones *p, uint64_t agent_id, struct wall now);
/* Everything a new worker of this listener needs, in order: accounts, then bindings; agent_id 0: of all agents. */
void phones_return(const struct phones *p, uint16_t listener, uint64_t agent_id, struct wall now,
                   void (*each)(void *arg, const struct wide *w), void *arg);

#endif
