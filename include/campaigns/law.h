/* law.h — may this number be called now? One pure room: facts and time in, verdict
 * and reason out. Knows no file, clock or database. Unknown data blocks.
 * Thread: any. Sources named at each function. */
#ifndef CAMPAIGNS_LAW_H
#define CAMPAIGNS_LAW_H

#include <cadencia/names.h>
#include <cadencia/time.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- zones: a loaded set of TZif rules (law/zones.c) ----
 * zones_create and zones_find read files and belong to the thread that owns the set; the rest only looks. */
struct zones;
enum { ZONE_NONE = 0xffff, LAW_ZONES_MAX = 64 }; /* a number known only as "+1" may lie in 42 zones */
/* dir: /usr/share/zoneinfo. NULL when it cannot be read. Zones are loaded on first use by name. */
struct zones *zones_create(const char *dir);
struct zones *zones_destroy(struct zones *z);
/* Index for "America/New_York"; ZONE_NONE when there is no such zone. */
uint16_t zones_find(struct zones *z, const char *name);
/* Seconds east of UTC at that instant. Source: RFC 8536. */
int32_t zones_offset_s(const struct zones *z, uint16_t zone, struct wall at);
/* First instant after `at` at which the offset may change; WALL_NONE: never again. */
struct wall zones_change(const struct zones *z, uint16_t zone, struct wall at);
const char *zones_name(const struct zones *z, uint16_t zone);
/* Do their clocks agree from `at` on, for ten years as far as is known? */
bool zones_alike(const struct zones *z, uint16_t a, uint16_t b, struct wall at);

/* ---- numbers to zones (law/numbering.c): longest prefix gives every zone where the number may be ---- */
struct numbering;
struct numbering *numbering_create(void);
struct numbering *numbering_destroy(struct numbering *n);
/* Adds the text of a file: lines "prefix,Zone/One&Zone/Two", '#' comments. A prefix that is known
 * already gets more zones. CAD_EFORMAT with the line number in *line. */
int numbering_add(struct numbering *n, const char *text, int *line);
/* "America/Adak&America/Anchorage" for an E.164 number; NULL: unknown. Valid until the next add. */
const char *numbering_find(const struct numbering *n, uint64_t phone);

/* ---- hours (law/hours.c) ---- */
struct hours {
  /* minutes after local midnight, by weekday, 0 = Sunday; open == close: closed all day */
  uint16_t open[7], close[7];
};
/* The hours of a country for sales calls, where no campaign says otherwise. CAD_ENOENT: the campaign must say.
 * Source: 47 CFR 64.1200(c)(1), 16 CFR 310.4(c) (US). */
int hours_default(const char *country, struct hours *out);
/* Times within a day, no opening after its closing, open at all. */
bool hours_valid(const struct hours *h);
/* Local wall-clock in every zone of the set must lie within the hours: open <= local < close. No zone: no. */
bool hours_allow(const struct hours *h, const struct zones *z, const uint16_t *zones, int n, struct wall at);
/* Earliest instant >= at when hours_allow; WALL_NONE if none within 8 days. */
/* When the hours that allow it now end in the first of these zones; `at` itself when they do not allow it. Looks at most two
 * midnights ahead and takes each zone's offset as it is now (a clock change that night may move it by an hour). */
struct wall hours_until(const struct hours *h, const struct zones *z, const uint16_t *zones, int n, struct wall at);
struct wall hours_next(const struct hours *h, const struct zones *z, const uint16_t *zones, int n, struct wall at);

/* ---- abandonment (law/abandon.c): classified once, at the close, from stamps ---- */
struct abandon_facts {
  enum verdict verdict;
  struct wall answered, greeting_end, bridged, ended;
  uint32_t max_wait_ms;
  enum ended_by ended_by;
  bool message_played; /* the safe-harbour message had begun */
};
enum abandon_class { ABANDON_NOT_LIVE = 0, ABANDON_SERVED, ABANDON_ABANDONED, ABANDON_EARLY_HANGUP };
/* The clock runs from the end of the greeting, from the answer if none was heard.
 * Source: 16 CFR 310.4(b)(1)(iv), (b)(4)(iii); 47 CFR 64.1200(a)(7). */
enum abandon_class abandon_classify(const struct abandon_facts *f);
/* 10000 * num <= limit_bp * den: exact in integers. den 0 passes. */
bool abandon_within(uint64_t num, uint64_t den, uint32_t limit_bp);
/* Begin of the 30-day period that `at` is in; periods follow one another from the campaign's start. */
struct wall abandon_period(struct wall campaign_started, struct wall at);

/* ---- the windows of the abandonment limit (law/windows.c): tumbling, one after the other ---- */
enum abandon_window {
  WINDOW_DAY = 0,  /* 24 hours from 00:00 in the campaign's zone */
  WINDOW_CAMPAIGN, /* 30 days from the campaign's start (16 CFR 310.4(b)(4)(i), 47 CFR 64.1200(a)(7)(i)) */
  WINDOW_MONTH,    /* calendar month in the campaign's zone (CRTC) */
  WINDOW_COUNT
};
/* "day", "campaign_30_days", "calendar_month"; parse: < 0 unknown. */
const char *abandon_window_name(enum abandon_window w);
int abandon_window_parse(const char *word);
/* What counts: over all that hold at once. */
enum abandon_form {
  FORM_PLAIN = 0, /* abandoned over live answers; with an estimate of false positives these count as abandoned
                     (Ofcom with screening: abandoned + estimate over that + passed to an agent) */
  FORM_MACHINES,  /* abandoned less the machine share of the served, over people served + that (Ofcom without screening) */
  FORM_COUNT
};
enum { ABANDON_RULES_MAX = 4 };
struct abandon_rule {
  uint8_t window, form;
  uint16_t limit_bp;
};
struct abandon_rules {
  struct abandon_rule rules[ABANDON_RULES_MAX];
  int count;
};
/* What holds in a country when the campaign says nothing else: a day everywhere, and the country's own window. */
void abandon_rules_default(const char *country, bool screening, uint16_t limit_bp, struct abandon_rules *out);
/* The zone whose midnight it is, for a campaign that names none. */
const char *abandon_zone_default(const char *country);
/* The window that `at` lies in: begins <= at < ends. zone ZONE_NONE: UTC. started WALL_NONE: it starts now. */
void abandon_window_at(enum abandon_window window, const struct zones *z, uint16_t zone, struct wall started, struct wall at,
                       struct wall *begins, struct wall *ends);
/* A disposition by which the agent says that the party was a machine. */
bool abandon_disposed_machine(const char *code);

/* ---- retry (law/retry.c) ---- */
enum { RETRY_RULES_MAX = 16 };
struct retry_rule {
  enum outcome outcome;
  int64_t delay_ms;   /* after the end of the attempt */
  uint32_t max_tries; /* attempts in all with this outcome, the one that ended included; then the contact is finished */
};
struct retry_table {
  struct retry_rule rules[RETRY_RULES_MAX];
  int count;
  int64_t next_number_ms; /* until the person's next number is tried */
  uint32_t other_part;    /* bit by outcome: again in another part of the day than the attempt that ended */
};
/* When the contact is due again; WALL_NONE: finished. UNWANTED and opt-outs are never recycled. An outcome
 * without a rule finishes the contact, but INTERRUPTED waits for the next day (3 tries): the fault was ours. */
struct wall retry_next(const struct retry_table *t, enum outcome outcome, uint32_t tries_so_far, struct wall ended);
/* Moves `next` to where another part of the day begins (morning till 12, afternoon till 17, evening) if it lies in that of
 * `ended`, by the callee's clock; it may lie outside the hours. */
struct wall retry_part(const struct zones *z, uint16_t zone, struct wall ended, struct wall next);
/* After these the person's next number is tried; *dead: and this one never again. Others stay with their number. */
bool retry_next_number(enum outcome outcome, bool *dead);

/* Contacts that answer alike, for the pacer: by attempts so far (0, 1, 2, more) and the list's own rank (0..9). 0 .. 15. */
uint16_t retry_score_class(uint32_t tries, uint8_t rank);

#endif
