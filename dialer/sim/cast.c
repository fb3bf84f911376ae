#include "dialer/sim/cast.h"
#include "dialer/sim/callees.h"
#include <cadencia/err.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

enum { FICTION_PER_AREA = 100, WAVS_MAX = 64, ALL_BP = 10000, CONNECT_MS = 900 /* until an agent speaks, about */ };
/* Area codes that lie in one time zone each: Eastern, Central, Mountain, Pacific. */
static const uint16_t areas[] = {201, 202, 212, 215, 216, 301, 305, 313, 404, 412, 410, 614, 617, 646, 703, 704, 718, 757, 919, 954,
                                 214, 281, 312, 314, 405, 414, 469, 504, 512, 612, 651, 713, 773, 816, 832, 901, 972, 303, 505, 720,
                                 801, 206, 213, 310, 323, 408, 415, 503, 510, 562, 619, 626, 650, 702, 707, 714, 818, 858, 916, 949};
static const char *const first_names[] = {"Ana",   "Luis",  "Maria", "Carlos", "Emma",  "Noah",  "Lucia", "Jorge", "Olivia", "Liam",
                                          "Sofia", "Diego", "Grace", "Henry",  "Elena", "Pablo", "Ruth",  "Oscar", "Julia",  "Peter"};
static const char *const last_names[] = {"Gomez",  "Miller", "Ruiz",   "Baker",  "Lopez", "Carter", "Soto",  "Adams", "Perez", "Young",
                                         "Castro", "Parker", "Romero", "Walker", "Nunez", "Foster", "Vidal", "Hayes", "Leon",  "Brooks"};

/* What 10,000 calls would meet. */
static const struct share {
  enum behaviour behaviour;
  unsigned share;
} usual[] = {{CALLEE_PERSON, 2680}, {CALLEE_EARLY_HANGUP, 100}, {CALLEE_MACHINE, 2600}, {CALLEE_NO_ANSWER, 2740},
             {CALLEE_BUSY, 640},    {CALLEE_SIT, 360},          {CALLEE_FAX, 180},      {CALLEE_REJECT, 140},
             {CALLEE_FAIL, 260},    {CALLEE_DEAD_AIR, 120},     {CALLEE_BUSY_TONE, 180}};

enum { SHARES = sizeof usual / sizeof *usual };

/* The room behind a voice, a person's or a greeting's: so far under it, or up to ROOM_SPREAD_DB more. It does not tell one from the other.
 */
enum { ROOM_UNDER_DB = 15, ROOM_SPREAD_DB = 20 };

/* What people say when they answer, of 100: a plausible campaign (docs/rehearsal.md). A kind is spoken by greetings/person_WORD_*.wav. */
enum { KINDS = 6, WORDS = 4 };
static const char *const words[WORDS] = {"short", "medium", "business", "double"};
static const struct kind {
  unsigned share, word;
  int delay_ms[2]; /* silence before the first word */
  int room_under_db;
} kinds[KINDS] = {{70, 0, {200, 1500}, ROOM_UNDER_DB}, {12, 1, {200, 1500}, ROOM_UNDER_DB}, {8, 2, {200, 1500}, ROOM_UNDER_DB},
                  {3, 3, {200, 1500}, ROOM_UNDER_DB},  {4, 0, {2400, 4400}, ROOM_UNDER_DB}, {3, 0, {200, 1500}, 6}};

struct wavs {
  char names[WAVS_MAX][64];
  int length_ms[WAVS_MAX], count;
};

struct voices {
  struct wavs people[WORDS], machines;
};

static int find_wavs(const char *share, const char *kind, struct sound_bank *bank, struct wavs *out) {
  char pattern[1200];
  glob_t found;
  out->count = 0;
  snprintf(pattern, sizeof pattern, "%s/greetings/%s_*.wav", share, kind);
  if (glob(pattern, 0, NULL, &found) != 0) return CAD_ENOENT;
  for (size_t i = 0; i < found.gl_pathc && out->count < WAVS_MAX; i++) {
    const struct sound *s = sound_get(bank, sound_load(bank, found.gl_pathv[i]));
    if (s == NULL) continue;
    snprintf(out->names[out->count], sizeof out->names[0], "%.63s", strrchr(found.gl_pathv[i], '/') + 1);
    out->length_ms[out->count++] = (int)(s->count * 1000 / SOUND_RATE_HZ);
  }
  globfree(&found);
  return out->count > 0 ? CAD_OK : CAD_ENOENT;
}

static int find_voices(const char *share, struct sound_bank *bank, struct voices *out) {
  int rc = find_wavs(share, "machine", bank, &out->machines);
  for (int i = 0; i < WORDS && rc == CAD_OK; i++) {
    char kind[32];
    snprintf(kind, sizeof kind, "person_%s", words[i]);
    rc = find_wavs(share, kind, bank, &out->people[i]);
  }
  return rc;
}

unsigned cast_most(void) { return (unsigned)(sizeof areas / sizeof *areas) * FICTION_PER_AREA; }

static void shuffle(uint32_t *order, unsigned n, uint64_t *dice) {
  for (unsigned i = n; i > 1; i--) {
    unsigned j = (unsigned)dice_range(dice, 0, i - 1);
    uint32_t t = order[i - 1];
    order[i - 1] = order[j];
    order[j] = t;
  }
}

static bool is_person(enum behaviour b) { return b == CALLEE_PERSON || b == CALLEE_EARLY_HANGUP; }
static bool is_machine(enum behaviour b) { return b == CALLEE_MACHINE; }
static bool is_other(enum behaviour b) { return !is_person(b) && !is_machine(b); }

/* The shares of one group become total, each in proportion. */
static void scale(struct share out[SHARES], bool (*in_group)(enum behaviour b), unsigned total) {
  unsigned sum = 0, given = 0, at = 0;
  for (unsigned k = 0; k < SHARES; k++)
    if (in_group(usual[k].behaviour)) sum += usual[k].share;
  for (unsigned k = 0; k < SHARES; k++) {
    if (!in_group(usual[k].behaviour)) continue;
    at += usual[k].share;
    out[k].share = total * at / sum - given;
    given += out[k].share;
  }
}

void cast_usual(int *answer_bp, int *machines_bp) {
  unsigned people = 0, machines = 0;
  for (unsigned k = 0; k < SHARES; k++) {
    people += is_person(usual[k].behaviour) ? usual[k].share : 0;
    machines += is_machine(usual[k].behaviour) ? usual[k].share : 0;
  }
  *answer_bp = (int)(people + machines);
  *machines_bp = (int)(machines * ALL_BP / (people + machines));
}

/* The usual shares, or those asked for: the calls that neither people nor machines answer keep their proportions. */
static void choose_shares(const struct cast_options *o, struct share out[SHARES]) {
  int answer_bp, machines_bp;
  memcpy(out, usual, sizeof usual);
  if (!o->own_shares) return;
  cast_usual(&answer_bp, &machines_bp);
  if (o->answer_bp >= 0) answer_bp = o->answer_bp < ALL_BP ? o->answer_bp : ALL_BP;
  if (o->machines_bp >= 0) machines_bp = o->machines_bp < ALL_BP ? o->machines_bp : ALL_BP;
  unsigned answered = (unsigned)answer_bp, machines = (answered * (unsigned)machines_bp + ALL_BP / 2) / ALL_BP;
  scale(out, is_person, answered - machines);
  scale(out, is_machine, machines);
  scale(out, is_other, ALL_BP - answered);
}

/* Exact shares instead of luck: call number i of n falls into the part of the table where (i + 0.5) / n lies. */
static enum behaviour behaviour_at(const struct share shares[SHARES], unsigned i, unsigned n) {
  unsigned sum = 0;
  uint64_t at = ((uint64_t)i * 2 + 1) * 5000 / n;
  for (size_t k = 0; k < SHARES; k++) {
    sum += shares[k].share;
    if (at < sum) return shares[k].behaviour;
  }
  return CALLEE_NO_ANSWER;
}

static const char *code_of(enum behaviour b, uint64_t *dice) {
  static const char *const failures[] = {"503", "500", "404", "480", "502", "484"};
  if (b == CALLEE_FAIL) return failures[dice_range(dice, 0, 5)];
  if (b == CALLEE_SIT && dice_range(dice, 0, 5) == 0) return "200";
  return "";
}

static const struct kind *kind_of(uint64_t *dice) {
  int64_t at = dice_range(dice, 0, 99);
  const struct kind *k = kinds;
  while (k < kinds + KINDS - 1 && at >= k->share) at -= k++->share;
  return k;
}

static void write_callee(FILE *f, uint64_t phone, enum behaviour b, const struct cast_options *o, const struct voices *voices,
                         uint64_t *dice) {
  static const int beeps[] = {440, 500, 620, 750, 850, 1000, 1000, 1100, 1300, 1400, 1633, 1800};
  char wav[1300] = "", hang_up[16] = "", beep[16] = "", noise[16] = "";
  const struct kind *kind = kind_of(dice);
  int ring = (int)dice_range(dice, 3000, 13000), delay = (int)dice_range(dice, 200, 1500), length = 0,
      level = -(int)dice_range(dice, 12, 28);
  bool person = b == CALLEE_PERSON || b == CALLEE_EARLY_HANGUP;
  if (person || b == CALLEE_MACHINE) {
    const struct wavs *from = person ? &voices->people[kind->word] : &voices->machines;
    int i = (int)dice_range(dice, 0, from->count - 1);
    snprintf(wav, sizeof wav, "%s/greetings/%s", o->share, from->names[i]);
    length = from->length_ms[i];
  }
  switch (b) {
  case CALLEE_PERSON: { /* every second one says good-bye first */
    static const struct spread usual_talk = {.mean = 9.5, .count = 2, .quantile = {6, 13}};
    delay = (int)dice_range(dice, kind->delay_ms[0], kind->delay_ms[1]);
    const struct spread *talk = o->talk.mean > 0 ? &o->talk : &usual_talk;
    if (dice_range(dice, 0, 1) == 0)
      snprintf(hang_up, sizeof hang_up, "%d", delay + length + CONNECT_MS + (int)talk_of_number_ms(talk, o->seed, phone));
    break;
  }
  case CALLEE_EARLY_HANGUP:
    delay = (int)dice_range(dice, 50, 300);
    snprintf(hang_up, sizeof hang_up, "%d", (int)dice_range(dice, 500, 1000));
    break;
  case CALLEE_MACHINE:
    ring = (int)dice_range(dice, 4000, 15000);
    snprintf(beep, sizeof beep, "%d", beeps[dice_range(dice, 0, 11)]);
    snprintf(hang_up, sizeof hang_up, "%d", delay + length + (int)dice_range(dice, 15000, 25000));
    break;
  case CALLEE_FAX:
  case CALLEE_DEAD_AIR: snprintf(hang_up, sizeof hang_up, "%d", (int)dice_range(dice, 20000, 30000)); break;
  case CALLEE_NO_ANSWER: ring = 0; break;
  default: ring = (int)dice_range(dice, 500, 4000); break;
  }
  const char *code = code_of(b, dice);
  if (b == CALLEE_SIT && *code != 0) snprintf(hang_up, sizeof hang_up, "9000");
  int under = person ? kind->room_under_db : ROOM_UNDER_DB;
  bool quiet = dice_range(dice, 0, 4) == 0 && under == ROOM_UNDER_DB;
  if (!quiet) snprintf(noise, sizeof noise, "%d", level - under - (int)dice_range(dice, 0, ROOM_SPREAD_DB));
  int loss = dice_range(dice, 0, 99) < 15 ? (int)dice_range(dice, 100, 300) : 0;
  static const char *const codecs[] = {"", "pcmu", "pcma"};
  fprintf(f, "+%llu,%s,%s,%d,%d,%s,%s,%d,%s,%s,%d,%s\n", (unsigned long long)phone, callee_behaviour_name(b), wav, ring, delay, hang_up,
          code, level, noise, beep, loss, codecs[dice_range(dice, 0, 2)]);
}

static int write_both(const struct cast_options *o, FILE *contacts, FILE *callees, const struct voices *voices, uint32_t *order) {
  uint64_t dice = o->seed * 0x9e3779b97f4a7c15u + 1;
  fputs("phone,name,external_id\n", contacts);
  fputs("phone,behaviour,wav,ring_ms,answer_delay_ms,hangup_ms,sip_code,level_dbm0,noise_dbm0,beep_hz,loss_bp,codec\n", callees);
  struct share shares[SHARES];
  choose_shares(o, shares);
  for (unsigned i = 0; i < o->count; i++) order[i] = i;
  shuffle(order, o->count, &dice);
  for (unsigned i = 0; i < o->count; i++) {
    unsigned area = i % (unsigned)(sizeof areas / sizeof *areas), line = i / (unsigned)(sizeof areas / sizeof *areas);
    uint64_t phone = o->phones != NULL ? o->phones[i] : 10000000000u + (uint64_t)areas[area] * 10000000u + 5550100u + line;
    fprintf(contacts, "+%llu,%s %s,R%05u\n", (unsigned long long)phone, first_names[dice_range(&dice, 0, 19)],
            last_names[dice_range(&dice, 0, 19)], i + 1);
    write_callee(callees, phone, behaviour_at(shares, order[i], o->count), o, voices, &dice);
  }
  return ferror(contacts) || ferror(callees) ? CAD_EIO : CAD_OK;
}

int cast_write(const struct cast_options *o, const char *contacts_path, const char *callees_path) {
  if (o->phones == NULL && o->count > cast_most()) return CAD_EFULL;
  struct voices *voices = malloc(sizeof *voices);
  struct sound_bank *bank = sound_bank_create();
  uint32_t *order = calloc(o->count + 1u, sizeof *order);
  int rc = voices == NULL || bank == NULL || order == NULL ? CAD_ENOMEM : CAD_OK;
  if (rc == CAD_OK) rc = find_voices(o->share, bank, voices);
  if (rc == CAD_OK) {
    FILE *contacts = fopen(contacts_path, "we"), *callees = fopen(callees_path, "we");
    rc = contacts == NULL || callees == NULL ? CAD_EIO : write_both(o, contacts, callees, voices, order);
    if (contacts != NULL && fclose(contacts) != 0) rc = CAD_EIO;
    if (callees != NULL && fclose(callees) != 0) rc = CAD_EIO;
  }
  sound_bank_destroy(bank);
  free(voices);
  free(order);
  return rc;
}
