/* evidence.h — the proof of the logs: is every row of calls, decisions and audit as it was written.
 *
 * Works on files, beside a running daemon, by read-only connections of its own; each file is seen as of one instant.
 * Thread: any, one call each. Errors: enum cad_err. Source: campaigns/records/verify*.c, drop.c */
#ifndef CAMPAIGNS_EVIDENCE_H
#define CAMPAIGNS_EVIDENCE_H

#include <cadencia/time.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { EVIDENCE_STREAMS = 3, VERIFY_FINDINGS_MAX = 96, VERIFY_ALIKE_MAX = 6 };
struct verify_finding {
  char stream[12]; /* call, decision, audit; "" for what concerns a checkpoint or a file */
  char kind[12];   /* call, disposition, decision, audit, erasure */
  uint64_t number; /* of the link in its stream, 0: none */
  uint64_t row;    /* id of the row */
  char file[8];    /* month of the archive that it is in, "": the live file */
  char what[200];  /* one line for people */
};
struct verify_report {
  uint64_t rows[EVIDENCE_STREAMS];                    /* links that hold, by stream */
  uint64_t checkpoints, erased, files, unsigned_rows; /* unsigned_rows: written after the last checkpoint */
  uint64_t other_hands;                               /* audit rows of changes that were not made with Cadencia */
  struct wall last_checkpoint;
  uint64_t last_number;
  char key[65]; /* public key that signs now, hex */
  bool against; /* an outside checkpoint was compared */
  struct wall against_at;
  int count;         /* of findings; at most VERIFY_ALIKE_MAX alike, so that many of a sort hide none of another */
  uint64_t unlisted; /* found beyond them */
  struct verify_finding findings[VERIFY_FINDINGS_MAX];
};
/* The file cadencia.db and its archives. outside (may be NULL): text of a checkpoint that left the box. CAD_OK when it could
 * be looked at, whatever was found; err gets the one readable line otherwise. CAD_EFORMAT, CAD_EREFUSED: the outside
 * checkpoint is none, or is not signed by the key that it names. */
int evidence_verify(const char *db_path, const char *outside, struct verify_report *out, FILE *err);

/* The table of docs/data.md: what each kind of link is made of. */
void evidence_print_kinds(FILE *out);
/* Its picture of the schema: tables, what they hold, what points where, indexes. */
int evidence_print_schema(FILE *out);

/* Writes checkpoints that are not there yet into a folder, one file each, whole or not at all. Returns how many. */
int evidence_drop(const char *db_path, const char *folder, FILE *err);
/* The checkpoint after that number (0: the newest of all), its number and text. CAD_ENOENT: none. */
int evidence_next(const char *db_path, uint64_t after, uint64_t *number, char out[]);
/* The newest checkpoint's text; CAD_ENOENT: none yet. */
enum { EVIDENCE_TEXT_BYTES = 1024 };
int evidence_checkpoint(const char *db_path, char out[EVIDENCE_TEXT_BYTES], FILE *err);

#endif
