/* cast.h — invents the contacts of a rehearsal and who answers them.
 *
 * Numbers come from the ranges that are reserved for fiction (+1 NPA 555-0100 to 555-0199).
 * Everything follows from the seed; both files can be read, changed and given back with
 * --contacts and --callees. Source: cast.c */
#ifndef CADENCIA_SIM_CAST_H
#define CADENCIA_SIM_CAST_H

#include "dialer/sim/scenario.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct cast_options {
  const char *share; /* folder with greetings/ */
  uint64_t seed;
  unsigned count;
  const uint64_t *phones; /* NULL: invented too */
  bool own_shares;        /* the next two hold */
  int answer_bp;          /* share of the calls that are answered, machines included; < 0: as cast.c says */
  int machines_bp;        /* share of machines among these; < 0: as cast.c says */
  /* How long people talk who end the call themselves (every second one); mean 0: 6 to 13 s. */
  struct spread talk;
};
/* The shares that cast.c invents by itself. */
void cast_usual(int *answer_bp, int *machines_bp);
/* How many numbers for fiction there are in the area codes that cast.c knows. */
unsigned cast_most(void);
/* Both files are written anew. CAD_OK, CAD_EIO, CAD_EFULL (count > cast_most()), CAD_ENOENT (no greetings), CAD_ENOMEM. */
int cast_write(const struct cast_options *o, const char *contacts_path, const char *callees_path);

#endif
