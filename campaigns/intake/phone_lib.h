/* phone_lib.h — libphonenumber behind plain C. Knows how numbers are written in every country; its list of ranges in use is
 * of 2022, so it is asked whether a number is possible, never whether it is assigned.
 * Thread: any. Sources: phone_lib.c (loads it when it is wanted first), module/phone_module.cc (libexec/cadencia/cadencia-phone.so) */
#ifndef INTAKE_PHONE_LIB_H
#define INTAKE_PHONE_LIB_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum phone_lib_said { PHONE_LIB_GOOD = 0, PHONE_LIB_SHORT, PHONE_LIB_LONG, PHONE_LIB_COUNTRY, PHONE_LIB_NO_NUMBER };
/* digits: '+' at most at its begin, then ASCII digits; region: "US", or "ZZ" for international forms alone.
 * *e164 is set for PHONE_LIB_GOOD alone. */
enum phone_lib_said phone_lib_parse(const char *digits, const char *region, uint64_t *e164);

/* What the module offers. */
#define PHONE_LIB_MODULE "cadencia-phone.so"
#define PHONE_LIB_SYMBOL "cadencia_phone_parse"
typedef enum phone_lib_said phone_lib_parse_fn(const char *digits, const char *region, uint64_t *e164);
phone_lib_parse_fn cadencia_phone_parse;

#ifdef __cplusplus
}
#endif

#endif
