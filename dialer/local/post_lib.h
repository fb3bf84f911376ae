/* post_lib.h — libcurl behind a module: only a box that posts its checkpoints elsewhere loads it and all that comes with it (TLS, Kerberos,
 * LDAP). Source: module/post_module.c (libexec/cadencia/cadencia-post.so), loaded by post.c */
#ifndef CADENCIA_LOCAL_POST_LIB_H
#define CADENCIA_LOCAL_POST_LIB_H

#include <stdint.h>

#define POST_MODULE "cadencia-post.so"
#define POST_SYMBOL "cadencia_post_one"
enum { POST_WHY_BYTES = 256 };
/* CAD_OK, CAD_ENOMEM, CAD_EIO with why. */
typedef int post_one_fn(const char *url, uint64_t number, const char *text, char why[POST_WHY_BYTES]);
post_one_fn cadencia_post_one;

#endif
