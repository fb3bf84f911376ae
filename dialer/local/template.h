/* template.h — a campaign as a file: etc/campaigns/NAME.conf, which `cadencia campaign create` reads.
 * Thread: any. Source: template.c */
#ifndef CADENCIA_TEMPLATE_H
#define CADENCIA_TEMPLATE_H

#include <campaigns/store.h>
#include <stdio.h>

/* Everything but the campaign's name and state. Errors go to err as "FILE:LINE: what; the fix", all of them.
 * CAD_OK, CAD_EFORMAT, CAD_EIO; out untouched on failure. */
int template_read(FILE *in, const char *path, struct campaign_def *out, FILE *err);

#endif
