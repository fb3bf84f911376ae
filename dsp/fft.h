/* fft.h — power spectrum of 256 real samples under a Hann window. Pure after fft_prepare(). */
#ifndef DSP_FFT_H
#define DSP_FFT_H

enum { FFT_SIZE = 256 };
void fft_prepare(void); /* fills the tables once; any thread, any number of times */
void fft_power(const float *samples, float *power /* FFT_SIZE/2 + 1 */);

#endif
