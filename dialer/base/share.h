/* share.h — where the read-only data of the product lies (prompts, numbering, tones, templates).
 * Thread: any. Source: share.c */
#ifndef CADENCIA_SHARE_H
#define CADENCIA_SHARE_H

#include <stddef.h>

/* $CADENCIA_SHARE if it is set to a whole path; else share/ beside the program (a build folder); else
 * ../share/cadencia from the program (an installation, wherever it was moved); else the installed path
 * that was compiled in. */
void share_find(char *out, size_t size);

#endif
