/* tone_file.h — a country's tone plan as people write it: etc/tones/XX.conf, read with libconfig.
 *
 * Errors are "FILE:LINE: what; the fix", all of them, to err (NULL: silent). Thread: any.
 * Source: tone_file.c; the format is told in docs/detection.md */
#ifndef CADENCIA_TONE_FILE_H
#define CADENCIA_TONE_FILE_H

#include <dsp/tone_plan.h>
#include <stdbool.h>
#include <stdio.h>

/* CAD_OK, CAD_ENOENT, CAD_EFORMAT; out untouched on failure. */
int tone_file_read(const char *path, struct tone_plan *out, FILE *err);
/* share_dir/tones/XX.conf for a country's two letters. */
int tone_file_country(const char *share_dir, const char *country, struct tone_plan *out, FILE *err);
/* Does this file look like a tone plan (and not like the box's own file)? */
bool tone_file_is(const char *path);

#endif
