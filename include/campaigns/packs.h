/* packs.h — rule packs and calendars as files: read, checked, turned into what the law understands. Everything wrong is told
 * as "FILE:LINE: what; the fix". docs/compliance.md describes the files.
 * Thread: any, one ruleset each. Source: campaigns/packs/pack.c pack_kinds.c vector.c folder.c */
#ifndef CAMPAIGNS_PACKS_H
#define CAMPAIGNS_PACKS_H

#include <campaigns/gate.h>
#include <stdio.h>

/* Adds the rules of one file. CAD_OK, CAD_ENOENT, CAD_EFORMAT, CAD_ENOMEM; on failure some rules may have been added. */
int pack_read(const char *path, struct ruleset *out, FILE *err);
/* Every *.conf of the folder, in order of name. A folder that is not there: CAD_ENOENT. */
int packs_load(const char *dir, struct ruleset *out, FILE *err);
/* Every *.csv of the folder whose name has no '-' (those with one are loaded by the site). Not yet calendar_ready. */
int calendars_load(const char *dir, bool regional, struct calendar *out, FILE *err);
int calendar_file(const char *path, struct calendar *out, FILE *err);

/* ---- vectors: what a rule must say, beside the rule ----
 * A line of words: RULE PLACE TIME [key=value]... EXPECTED. RULE "*" asks all rules that are on, else that one alone.
 * PLACE: regions and zones with commas, "US-FL,America/New_York". TIME: "2026-06-03T19:59" in the first zone, with Z in UTC.
 * EXPECTED: "ok" or the word of a refusal. Keys: calls talks answers abandoned machines (moments: -3h, -2d, or a TIME, with
 * commas), debt=other, cli=+34..., registry=NAME:DAYS[:listed], consent=BASIS:DAYS[:revoked], claim=BASIS, purpose= tech=
 * sector=, guaranteed=1, next=TIME. */
struct vector_result {
  bool good;
  char said[160]; /* what came instead, or why the line is not understood */
};
void vector_run(const char *line, const struct law *law, struct zones *zones, struct vector_result *out);
/* Runs the vectors of one pack file; each one that fails is told with file and line. Returns how many failed, < 0: unreadable. */
int pack_test(const char *path, const struct law *law, struct zones *zones, int *ran, FILE *err);

/* "mon", "mon-fri": bits by weekday, 0 = Sunday; 0: not understood. "08:30": minutes. */
unsigned days_parse(const char *text);
bool minutes_parse(const char *text, uint16_t *out);

#endif
