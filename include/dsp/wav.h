/* wav.h — a WAV or FLAC file as 8 kHz mono 16-bit, through libsndfile.
 *
 * Reads 8, 16, ... kHz (any integer multiple or fraction; filtered and resampled),
 * mono or the first channel. Errors: CAD_ENOENT, CAD_EFORMAT, CAD_EFULL (longer than
 * max_samples), CAD_ENOSUP (no libsndfile). *out is malloc'ed; the caller frees it. Thread: any; allocates. */
#ifndef DSP_WAV_H
#define DSP_WAV_H

#include <stddef.h>
#include <stdint.h>

int wav_read(const char *path, size_t max_samples, int16_t **out, size_t *count);
int wav_write(const char *path, const int16_t *samples, size_t count);

#endif
