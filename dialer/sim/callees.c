#include "dialer/sim/callees.h"
#include "dialer/sim/csv_line.h"
#include <cadencia/err.h>
#include <ctype.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ROWS_MAX = 2000000, ERRORS_SHOWN = 20, TAIL = 10000000 };
enum column {
  COL_PHONE,
  COL_BEHAVIOUR,
  COL_WAV,
  COL_RING,
  COL_DELAY,
  COL_HANGUP,
  COL_CODE,
  COL_LEVEL,
  COL_NOISE,
  COL_BEEP,
  COL_LOSS,
  COL_CODEC,
  COL_COUNT
};
static const char *const column_names[COL_COUNT] = {"phone",    "behaviour",  "wav",        "ring_ms", "answer_delay_ms", "hangup_ms",
                                                    "sip_code", "level_dbm0", "noise_dbm0", "beep_hz", "loss_bp",         "codec"};

struct callees {
  struct callee *rows;
  uint32_t *next;  /* next row of the same last seven digits, +1; 0: none */
  uint32_t *taken; /* calls served by a row */
  unsigned count, room;
  uint32_t *heads; /* by last seven digits modulo buckets, +1 */
  unsigned buckets;
  int any; /* row for "*", -1 */
};

static const struct {
  const char *word;
  enum behaviour b;
} words[] = {{"person", CALLEE_PERSON},
             {"earlyhangup", CALLEE_EARLY_HANGUP},
             {"machine", CALLEE_MACHINE},
             {"busy", CALLEE_BUSY},
             {"busytone", CALLEE_BUSY_TONE},
             {"noanswer", CALLEE_NO_ANSWER},
             {"sit", CALLEE_SIT},
             {"fax", CALLEE_FAX},
             {"deadair", CALLEE_DEAD_AIR},
             {"reject", CALLEE_REJECT},
             {"fail", CALLEE_FAIL},
             {"silent", CALLEE_SILENT},
             {"human", CALLEE_PERSON},
             {"people", CALLEE_PERSON},
             {"answer", CALLEE_PERSON},
             {"hangup", CALLEE_EARLY_HANGUP},
             {"answeringmachine", CALLEE_MACHINE},
             {"voicemail", CALLEE_MACHINE},
             {"amd", CALLEE_MACHINE},
             {"183busy", CALLEE_BUSY_TONE},
             {"earlybusy", CALLEE_BUSY_TONE},
             {"183thenbusy", CALLEE_BUSY_TONE},
             {"ring", CALLEE_NO_ANSWER},
             {"noreply", CALLEE_SILENT},
             {"timeout", CALLEE_SILENT},
             {"silence", CALLEE_DEAD_AIR},
             {"rejected", CALLEE_REJECT},
             {"decline", CALLEE_REJECT},
             {"failed", CALLEE_FAIL},
             {"error", CALLEE_FAIL},
             {"invalid", CALLEE_SIT},
             {"am", CALLEE_MACHINE},
             {"vm", CALLEE_MACHINE},
             {"dead", CALLEE_DEAD_AIR},
             {"hangupearly", CALLEE_EARLY_HANGUP}};

const char *callee_behaviour_name(enum behaviour b) {
  static const char *const names[CALLEE_COUNT] = {"none", "person", "early_hangup", "machine", "busy", "busy_tone", "no_answer",
                                                  "sit",  "fax",    "dead_air",     "reject",  "fail", "silent"};
  return b < CALLEE_COUNT ? names[b] : "none";
}

int callee_behaviour_parse(const char *word) {
  char plain[24];
  size_t n = 0;
  for (const char *p = word; *p != 0; p++) {
    if (*p == '-' || *p == '_' || *p == ' ') continue;
    if (n == sizeof plain - 1) return CAD_EINVAL;
    plain[n++] = (char)tolower((unsigned char)*p);
  }
  plain[n] = 0;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(plain, words[i].word) == 0) return words[i].b;
  return CAD_EINVAL;
}

struct reading {
  const char *path;
  char folder[1024];
  unsigned line, errors;
  int column[COL_COUNT]; /* field of the row; -1: not there */
  char *fields[CSV_LINE_FIELDS_MAX];
  int field_count;
  FILE *err;
  struct sound_bank *bank;
};

static void complain(struct reading *r, const char *what, const char *value) {
  if (r->errors++ < ERRORS_SHOWN && r->err != NULL)
    fprintf(r->err, "%s:%u: %s%s%s%s\n", r->path, r->line, what, *value != 0 ? " \"" : "", value, *value != 0 ? "\"" : "");
}

static const char *field(const struct reading *r, enum column c) {
  int i = r->column[c];
  return i < 0 || i >= r->field_count ? "" : r->fields[i];
}

static long number(struct reading *r, enum column c, long low, long high, long otherwise) {
  const char *text = field(r, c);
  if (*text == 0) return otherwise;
  char *end;
  long v = strtol(text, &end, 10);
  if (*end == 0 && v >= low && v <= high) return v;
  char what[96];
  snprintf(what, sizeof what, "%s must be a whole number from %ld to %ld, not", column_names[c], low, high);
  complain(r, what, text);
  return otherwise;
}

static uint64_t phone_of(struct reading *r, const char *text) {
  uint64_t v = 0;
  int digits = 0;
  for (const char *p = text; *p != 0; p++) {
    if (isdigit((unsigned char)*p)) {
      if (++digits > 15) break;
      v = v * 10 + (uint64_t)(*p - '0');
    } else if (strchr("+-() ./", *p) == NULL) {
      digits = 0;
      break;
    }
  }
  if (digits >= 3 && digits <= 15) return v;
  complain(r, "not a phone number:", text);
  return 0;
}

static void parse_wav(struct reading *r, struct callee *c) {
  const char *wav = field(r, COL_WAV);
  c->wav = -1;
  if (*wav == 0) return;
  char path[2048];
  snprintf(path, sizeof path, "%s%s%s", *wav == '/' ? "" : r->folder, *wav == '/' ? "" : "/", wav);
  c->wav = sound_load(r->bank, path);
  if (c->wav == CAD_ENOENT)
    complain(r, "no such file:", path);
  else if (c->wav == CAD_EFULL)
    complain(r, "longer than 180 s, or too many different files:", path);
  else if (c->wav < 0)
    complain(r, "not a sound file that can be read (WAV, 8 or 16 kHz):", path);
}

static void parse_row(struct reading *r, struct callee *c) {
  *c = (struct callee){.wav = -1, .codec = -1};
  const char *phone = field(r, COL_PHONE), *codec = field(r, COL_CODEC);
  if (strcmp(phone, "*") != 0) c->phone = phone_of(r, phone);
  int b = callee_behaviour_parse(field(r, COL_BEHAVIOUR));
  if (b < 0)
    complain(r, "behaviour must be one of person early_hangup machine busy busy_tone no_answer sit fax dead_air reject fail silent, not",
             field(r, COL_BEHAVIOUR));
  else
    c->behaviour = (uint8_t)b;
  parse_wav(r, c);
  long ring = b == CALLEE_NO_ANSWER ? 0 : b == CALLEE_BUSY || b == CALLEE_FAIL || b == CALLEE_REJECT ? 1000 : 6000;
  c->ring_ms = (uint32_t)number(r, COL_RING, 0, 600000, ring);
  c->answer_delay_ms = (uint32_t)number(r, COL_DELAY, 0, 60000, 0);
  c->hangup_ms = (uint32_t)number(r, COL_HANGUP, 0, 3600000, 0);
  c->sip_code = (uint16_t)number(r, COL_CODE, 0, 699, 0);
  if (c->sip_code != 0 && c->sip_code < 200) complain(r, "sip_code must be a final response, not", field(r, COL_CODE));
  c->level_dbm0 = (int16_t)number(r, COL_LEVEL, -60, 0, 0);
  c->noise_dbm0 = (int16_t)number(r, COL_NOISE, -90, 0, 0);
  c->beep_hz = (uint16_t)number(r, COL_BEEP, 0, 3400, 0);
  c->loss_bp = (uint16_t)number(r, COL_LOSS, 0, 10000, 0);
  if (strcasecmp(codec, "pcmu") == 0)
    c->codec = 0;
  else if (strcasecmp(codec, "pcma") == 0)
    c->codec = 8;
  else if (*codec != 0)
    complain(r, "codec must be pcmu or pcma, not", codec);
}

static void parse_header(struct reading *r) {
  for (int c = 0; c < COL_COUNT; c++) r->column[c] = -1;
  for (int i = 0; i < r->field_count; i++) {
    int c = 0;
    while (c < COL_COUNT && strcasecmp(r->fields[i], column_names[c]) != 0) c++;
    if (c == COL_COUNT && strcasecmp(r->fields[i], "behavior") == 0) c = COL_BEHAVIOUR;
    if (c < COL_COUNT)
      r->column[c] = i;
    else if (r->err != NULL)
      fprintf(r->err, "%s: column \"%s\" is not known and not used\n", r->path, r->fields[i]);
  }
  if (r->column[COL_PHONE] < 0) complain(r, "the header row has no column \"phone\"", "");
  if (r->column[COL_BEHAVIOUR] < 0) complain(r, "the header row has no column \"behaviour\"", "");
}

static int add_row(struct callees *c, const struct callee *row) {
  if (c->count == ROWS_MAX) return CAD_EFULL;
  if (c->count == c->room) {
    unsigned room = c->room == 0 ? 1024 : c->room * 2;
    struct callee *more = realloc(c->rows, room * sizeof *more);
    if (more == NULL) return CAD_ENOMEM;
    c->rows = more;
    c->room = room;
  }
  c->rows[c->count++] = *row;
  return CAD_OK;
}

static int build_index(struct callees *c) {
  c->buckets = c->count < 64 ? 64 : c->count;
  c->heads = calloc(c->buckets, sizeof *c->heads);
  c->next = calloc(c->count + 1u, sizeof *c->next);
  c->taken = calloc(c->count + 1u, sizeof *c->taken);
  if (c->heads == NULL || c->next == NULL || c->taken == NULL) return CAD_ENOMEM;
  c->any = -1;
  for (unsigned i = c->count; i-- > 0;) { /* backwards, so that a chain is in the file's order */
    if (c->rows[i].phone == 0) {
      c->any = (int)i;
      continue;
    }
    uint32_t *head = &c->heads[c->rows[i].phone % TAIL % c->buckets];
    c->next[i] = *head;
    *head = i + 1;
  }
  return CAD_OK;
}

static int read_rows(FILE *file, struct reading *r, struct callees *c) {
  char line[4096];
  bool header = true;
  while (fgets(line, sizeof line, file) != NULL) {
    r->line++;
    char *text = line;
    if (r->line == 1 && strncmp(text, "\xef\xbb\xbf", 3) == 0) text += 3;
    r->field_count = csv_line_split(text, r->fields);
    if (r->field_count == 0) continue;
    if (r->field_count < 0) {
      complain(r, "a row that is too long or has an open quote", "");
      continue;
    }
    if (header) {
      parse_header(r);
      header = false;
      if (r->errors > 0) return CAD_EFORMAT;
      continue;
    }
    struct callee row;
    parse_row(r, &row);
    int err = add_row(c, &row);
    if (err < 0) return err;
  }
  if (header) complain(r, "no header row", "");
  return r->errors > 0 ? CAD_EFORMAT : CAD_OK;
}

int callees_load(const char *path, struct sound_bank *bank, FILE *err, struct callees **out) {
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    if (err != NULL) fprintf(err, "%s: cannot be opened\n", path);
    return CAD_ENOENT;
  }
  struct reading r = {.path = path, .err = err, .bank = bank};
  char copy[1024];
  snprintf(copy, sizeof copy, "%s", path);
  snprintf(r.folder, sizeof r.folder, "%s", dirname(copy));
  struct callees *c = calloc(1, sizeof *c);
  int rc = c == NULL ? CAD_ENOMEM : read_rows(file, &r, c);
  fclose(file);
  if (rc == CAD_OK) rc = build_index(c);
  if (r.errors > ERRORS_SHOWN && err != NULL) fprintf(err, "%s: %u more wrong rows\n", path, r.errors - ERRORS_SHOWN);
  if (rc < 0) {
    callees_free(c);
    return rc;
  }
  *out = c;
  return CAD_OK;
}

struct callees *callees_free(struct callees *c) {
  if (c == NULL) return NULL;
  free(c->rows);
  free(c->next);
  free(c->taken);
  free(c->heads);
  free(c);
  return NULL;
}

unsigned callees_count(const struct callees *c) { return c->count; }
const struct callee *callees_row(const struct callees *c, unsigned i) { return i < c->count ? &c->rows[i] : NULL; }

/* Equal, or one is the other without its leading digits. */
static bool same_number(uint64_t a, uint64_t b) {
  uint64_t small = a < b ? a : b, large = a < b ? b : a, scale = TAIL;
  if (small == large) return true;
  if (small < TAIL / 10) return false; /* under seven digits: only in full */
  while (scale <= small) scale *= 10;
  return large % scale == small;
}

const struct callee *callees_take(struct callees *c, uint64_t phone) {
  int last = -1;
  for (int pass = 0; pass < 2 && last < 0; pass++) {
    for (uint32_t i = c->heads[phone % TAIL % c->buckets]; i != 0; i = c->next[i - 1]) {
      const struct callee *row = &c->rows[i - 1];
      if (pass == 0 ? row->phone != phone : !same_number(row->phone, phone)) continue;
      last = (int)(i - 1);
      if (c->taken[last] == 0) break; /* the first that has not served yet */
    }
  }
  if (last < 0) last = c->any;
  if (last < 0) return NULL;
  c->taken[last]++;
  return &c->rows[last];
}
