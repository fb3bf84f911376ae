/* rules.h — rules as data: where, for whom and since when they hold, and what they ask. One pure room: campaigns/packs reads
 * the files, the records gather the facts, the gate (gate.h) judges. Unknown data blocks: a number whose state is not known
 * is held to the rules of every state, a holiday rule without a calendar for that day is closed.
 * Thread: any; a ruleset is read-only once it is built. Source: law/region.c calendar.c rules.c */
#ifndef CAMPAIGNS_RULES_H
#define CAMPAIGNS_RULES_H

#include <campaigns/law.h>

/* ---- regions (law/region.c): "US", "US-FL", "EU", "*", packed into one integer; 0 is none ---- */
enum { REGION_TEXT_MAX = 8 };
uint64_t region_parse(const char *text); /* 0: not a region */
void region_text(uint64_t region, char out[REGION_TEXT_MAX]);
uint64_t region_country(uint64_t region); /* "US-FL" to "US" */
/* Does what holds in `wide` hold for somebody who may be in `candidate`? "*" covers everybody, "US" covers "US-FL", "EU" its
 * members, and "US-FL" covers a bare "US" too: somewhere in the United States, perhaps Florida. */
bool region_covers(uint64_t wide, uint64_t candidate);

/* Where a number may be: every candidate counts. */
enum { PLACE_REGIONS_MAX = 24 };
struct law_place {
  uint16_t zones[LAW_ZONES_MAX];
  int zone_count; /* 0: not known */
  uint64_t regions[PLACE_REGIONS_MAX];
  int region_count; /* 0: not known */
};
/* Adds a region; a country that is there as a whole takes in its parts' candidates beside it. Full: the country as a whole. */
void place_add_region(struct law_place *p, uint64_t region);

/* ---- calendars (law/calendar.c): holidays and declared bans, by local date ---- */
struct calendar;
struct calendar *calendar_create(void);
struct calendar *calendar_destroy(struct calendar *c);
/* Adds the text of a file: "YYYY-MM-DD,REGION,holiday|ban,NAME" and "covers,REGION,YYYY-MM-DD,YYYY-MM-DD", '#' comments.
 * CAD_EFORMAT with the line number in *line. Call calendar_ready once after the last. */
int calendar_add(struct calendar *c, const char *text, int *line);
void calendar_ready(struct calendar *c);
enum day_kind { DAY_PLAIN = 0, DAY_HOLIDAY = 1, DAY_BAN = 2 };
/* Bits of day_kind of that local day (days since 1970-01-01) for one candidate region; *name (may be NULL): of the first. */
unsigned calendar_day(const struct calendar *c, uint64_t region, int64_t day, const char **name);
/* Does a file say that it knows all national holidays of that country on that day? */
bool calendar_covers(const struct calendar *c, uint64_t region, int64_t day);
int calendar_count(const struct calendar *c);
struct calendar_entry {
  int64_t day;
  uint64_t region;
  uint8_t kind;
  char name[48];
};
const struct calendar_entry *calendar_entry(const struct calendar *c, int i); /* in order of day */
/* "2026-11-21" to days since 1970-01-01; false when it is no date. */
bool calendar_date(const char *text, int64_t *day);
void calendar_date_text(int64_t day, char out[16]);

/* ---- words ---- */
enum purpose_bit { PURPOSE_TELEMARKETING = 1, PURPOSE_COLLECTIONS = 2, PURPOSE_SURVEY = 4, PURPOSE_INFORMATION = 8, PURPOSE_ALL = 15 };
enum technology_bit { TECH_AGENT = 1, TECH_PRERECORDED = 2, TECH_MESSAGE_DROP = 4, TECH_ALL = 7 };
/* Why a person may be called at all. Written consent is consent too. */
enum basis_bit { BASIS_CONSENT = 1, BASIS_WRITTEN = 2, BASIS_CONTRACT = 4, BASIS_INTEREST = 8, BASIS_INQUIRY = 16, BASIS_LEGAL = 32 };
/* What a seller is, for rules that bind some trades alone. */
enum sector_bit { SECTOR_GENERAL = 1, SECTOR_FINANCIAL = 2, SECTOR_TELECOM = 4, SECTOR_BASIC = 8, SECTOR_LARGE = 16 };
struct law_word {
  const char *word;
  unsigned bit;
};
extern const struct law_word law_purposes[], law_technologies[], law_bases[], law_sectors[]; /* end with word NULL */
unsigned law_word_bit(const struct law_word *words, const char *word);                       /* 0: unknown */
const char *law_word_text(const struct law_word *words, unsigned bit);                       /* of the lowest bit; "" */

/* ---- one rule ---- */
enum rule_kind {
  RULE_HOURS = 0, /* when */
  RULE_BAN,       /* no calls on days that a calendar bans */
  RULE_CAP,       /* how often: so many in a window; a cool-down is a cap of one */
  RULE_DNC,       /* our own do-not-call lists */
  RULE_REGISTRY,  /* a public exclusion list, fresh, and the number not on it */
  RULE_CONSENT,   /* a basis for this technology */
  RULE_CALLER_ID, /* which number may be shown */
  RULE_RING,      /* least ring time, ms */
  RULE_WAIT,      /* most wait after the greeting, ms */
  RULE_ABANDON,   /* most abandoned answers, basis points */
  RULE_MESSAGE,   /* a message must be there when nobody is */
  RULE_SCRIPT,    /* words that must be said */
  RULE_RETENTION, /* years that records are kept */
  RULE_NOTE,      /* a fact to know; nothing is computed from it */
  RULE_KIND_COUNT
};
const char *rule_kind_name(enum rule_kind k);
int rule_kind_parse(const char *word);

enum rule_holidays { HOLIDAYS_AS_DAY = 0, HOLIDAYS_OFF, HOLIDAYS_AS_SUNDAY };
enum rule_counts { COUNTS_ATTEMPTS = 1, COUNTS_ANSWERS = 2, COUNTS_CONVERSATIONS = 4, COUNTS_ABANDONED = 8, COUNTS_MACHINES = 16 };
enum rule_per { PER_NUMBER = 0, PER_PERSON, PER_DEBT, PER_SUBJECT };
enum { RULE_ID_MAX = 32, RULE_LISTS_MAX = 4, RULE_LIST_NAME_MAX = 24, RULE_PREFIXES_MAX = 8, RULE_WINDOWS = 2, RULES_MAX = 1024 };

struct rule_hours {
  uint16_t open[7][RULE_WINDOWS], close[7][RULE_WINDOWS]; /* minutes after local midnight; open == close: none */
  uint8_t holidays;
};
struct rule_cap {
  uint16_t calls; /* in the window; this many are permitted */
  uint16_t hours; /* rolling; 0: only days */
  uint16_t days;  /* local calendar days, the day itself being the first; 0: only hours */
  uint8_t counts, per;
  uint8_t whole_box;         /* 1: calls of every seller on this box count */
  uint8_t unless_guaranteed; /* 1: does not hold when an agent waits for this very call */
};
struct rule_registry {
  char names[RULE_LISTS_MAX][RULE_LIST_NAME_MAX];
  int count;
  uint16_t max_age_days;
  uint8_t unless; /* basis bits that make the entry not count */
};
struct rule_consent {
  uint8_t technologies, bases;
  uint16_t renew_months; /* 0: for ever */
};
struct rule_caller {
  uint64_t forbid[RULE_PREFIXES_MAX], require[RULE_PREFIXES_MAX]; /* leading digits of E.164 */
  int forbid_count, require_count;
  uint8_t needed;
};
struct rule {
  char id[RULE_ID_MAX], pack[RULE_ID_MAX];
  uint32_t version; /* of the pack */
  uint64_t region;
  uint8_t kind, purposes, sectors; /* sectors 0: all */
  uint8_t technologies;            /* 0: all */
  uint8_t on;
  char level[4];       /* V1 V2 V3 R P */
  int64_t from, until; /* local days; from INT64_MIN and until INT64_MAX: unbounded; until itself is not in force */
  char citation[120], text[320];
  union {
    struct rule_hours hours;
    struct rule_cap cap;
    struct rule_registry registry;
    struct rule_consent consent;
    struct rule_caller caller;
    int64_t value;
  } u;
};

struct pack {
  char name[RULE_ID_MAX], title[80], jurisdiction[REGION_TEXT_MAX];
  uint32_t version;
  uint64_t hash; /* of the file's bytes */
  int rules, vectors;
};
enum { PACKS_MAX = 64 };
struct ruleset {
  struct rule *rules; /* in order of file and line */
  int count, room;
  struct pack packs[PACKS_MAX];
  int pack_count;
  uint32_t generation; /* grows with every change: what was computed from an older one is computed again */
};
struct ruleset *ruleset_create(void);
struct ruleset *ruleset_destroy(struct ruleset *r);
/* Copies the rule. CAD_OK, CAD_EFULL, CAD_ENOMEM, CAD_EEXIST (its id is there). */
int ruleset_add(struct ruleset *r, const struct rule *rule);
const struct rule *ruleset_find(const struct ruleset *r, const char *id);
/* Does a pack other than the general one speak of that country? */
bool ruleset_knows(const struct ruleset *r, uint64_t country);

#endif
