/* codec.h — G.711 by table. Shape: one byte a sample at 8 kHz. Pure. Source: ITU-T G.711, codec.c */
#ifndef DSP_CODEC_H
#define DSP_CODEC_H

#include <stdint.h>

/* payload_type: 0 PCMU, 8 PCMA. */
void codec_decode(int payload_type, const uint8_t *in, int n, int16_t *out);
void codec_encode(int payload_type, const int16_t *in, int n, uint8_t *out);
/* A to mu or mu to A without going through linear twice. */
void codec_transcode(int from_type, int to_type, const uint8_t *in, int n, uint8_t *out);

#endif
