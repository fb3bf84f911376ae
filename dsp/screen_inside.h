/* screen_inside.h — a look inside the engine for the trainer and the tests; not for the product. */
#ifndef DSP_SCREEN_INSIDE_H
#define DSP_SCREEN_INSIDE_H

#include "dsp/traits.h"
#include <dsp/screen.h>

/* The traits after the last hop. False while there was no speech. */
bool screen_traits(const struct screen *screen, float out[TRAIT_COUNT]);

#endif
