/* secret.h — a password from the terminal or from standard input, never from the command line. Source: secret.c */
#ifndef CADENCIA_LOCAL_SECRET_H
#define CADENCIA_LOCAL_SECRET_H

#include <campaigns/users.h>
#include <stdbool.h>
#include <stdio.h>

enum { SECRET_MAX = PASSWORD_MAX };
/* from_stdin: one line of it; else the terminal asks, twice when `twice`, without echo. A fault is said to err.
 * CAD_OK, CAD_EINVAL (too short, not the same, no terminal), CAD_EFORMAT (too long). */
int secret_read(bool from_stdin, bool twice, char out[SECRET_MAX + 1], FILE *err);

#endif
