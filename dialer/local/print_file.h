/* print_file.h — the fingerprint of a recording, as the daemon's own detector would take it from a call.
 *
 * Thread: any; reads the file and allocates. Source: print_file.c */
#ifndef CADENCIA_PRINT_FILE_H
#define CADENCIA_PRINT_FILE_H

#include <dsp/fingerprint.h>

/* WAV or FLAC; the first words count. CAD_OK; CAD_EINVAL: too few words, a steady sound or long pauses, so nothing to know it
 * by; CAD_ENOENT, CAD_EFORMAT, CAD_EFULL, CAD_ENOSUP as wav_read, CAD_ENOMEM. */
int print_file_read(const char *path, struct fingerprint *out);

#endif
