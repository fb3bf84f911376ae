/* callees.h — who answers which number, and how: the callees file of a rehearsal.
 *
 * CSV with a header row. Columns (any order; only phone and behaviour must be there):
 *   phone          digits, '+' and punctuation ignored; a row for "*" serves every number not listed
 *   behaviour      see callee_behaviour_name; case, '-' and '_' do not matter
 *   wav            played from the answer on; 8 or 16 kHz; path relative to the CSV
 *   ring_ms        from INVITE to the final answer; no_answer: 0 rings until we give up
 *   answer_delay_ms silence between the 200 OK and the start of the audio
 *   hangup_ms      the callee hangs up so long after the answer; 0: waits for the other side
 *   sip_code       final response instead of the behaviour's own
 *   level_dbm0, noise_dbm0, beep_hz, loss_bp, codec   of the line (codec: pcmu, pcma, "" as offered)
 * Rows with the same phone serve one call after the other; the last one stays.
 * Source: callees.c */
#ifndef CADENCIA_SIM_CALLEES_H
#define CADENCIA_SIM_CALLEES_H

#include "dialer/sim/sound.h"
#include <stdio.h>

enum behaviour {
  CALLEE_NONE = 0,
  CALLEE_PERSON,       /* greets, waits, talks with the agent */
  CALLEE_EARLY_HANGUP, /* a person who says hello and is gone within a second */
  CALLEE_MACHINE,      /* greeting, beep, silence */
  CALLEE_BUSY,         /* 486 */
  CALLEE_BUSY_TONE,    /* 183 with a busy tone, then 486 */
  CALLEE_NO_ANSWER,    /* rings */
  CALLEE_SIT,          /* 183 with a special information tone, then 404; sip_code 200: answers first */
  CALLEE_FAX,          /* answers with CED */
  CALLEE_DEAD_AIR,     /* answers and says nothing */
  CALLEE_REJECT,       /* 603 */
  CALLEE_FAIL,         /* 503, or any sip_code */
  CALLEE_SILENT,       /* never replies to the INVITE at all */
  CALLEE_COUNT
};
const char *callee_behaviour_name(enum behaviour b);
int callee_behaviour_parse(const char *word); /* CAD_EINVAL */

struct callee {
  uint64_t phone;    /* 0: any */
  uint8_t behaviour; /* enum behaviour */
  int8_t codec;      /* -1: as the offer prefers, else 0 or 8 */
  uint16_t sip_code; /* 0: the behaviour's own */
  int wav;           /* index in the bank; -1: none given */
  uint32_t ring_ms, answer_delay_ms, hangup_ms;
  int16_t level_dbm0; /* 0: as in the file */
  int16_t noise_dbm0; /* 0: a silent line */
  uint16_t beep_hz;   /* machine: after the greeting; 0: none */
  uint16_t loss_bp;   /* share of our packets that get lost; the line also jitters then */
};
struct callees;
/* Reads and checks the whole file; every wrong row is printed as "file:line: what" (first 20). CAD_OK, CAD_ENOENT,
 * CAD_EFORMAT, CAD_ENOMEM. */
int callees_load(const char *path, struct sound_bank *bank, FILE *err, struct callees **out);
struct callees *callees_free(struct callees *c);
unsigned callees_count(const struct callees *c);
const struct callee *callees_row(const struct callees *c, unsigned i);
/* Who answers this call to phone? Takes the number's rows in turn. NULL: nobody listed. A listed number without its
 * country code is found by its last digits (at least seven). */
const struct callee *callees_take(struct callees *c, uint64_t phone);

#endif
