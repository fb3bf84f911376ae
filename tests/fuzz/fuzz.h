/* fuzz.h — a fuzz target: hostile bytes in, nothing may happen but an honest refusal. */
#ifndef CADENCIA_TESTS_FUZZ_H
#define CADENCIA_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
