/* api.h — what pages may ask of the daemon: each is one of its commands, by the rights of who asks.
 * Owner: the console's only thread. Source: api.c */
#ifndef CADENCIA_CONSOLE_API_H
#define CADENCIA_CONSOLE_API_H

#include "dialer/console/exchange.h"

/* A path of the API with what it needs; NULL: none such. */
struct api_call {
  const char *path, *method; /* a path that ends with '/' takes one name behind it */
  enum access access;
  enum MHD_Result (*answer)(struct exchange *x, const char *name);
};
/* name: what stands behind the path, "" without. */
const struct api_call *api_find(const char *url, const char **name);

/* routes.c */
enum MHD_Result api_say(struct exchange *x, unsigned status, json_t *value, const char *cookie); /* frees value */

#endif
