#include "store_internal.h"
#include <string.h>

/* Skills are words to people and bits to the floor; a word keeps its bit. */

static int bit_of(struct store *s, const char *word, bool make, int *bit) {
  sqlite3_stmt *q = db_query(&s->db, Q_SKILL_GET, "SELECT bit FROM skill WHERE name=?", "t", word);
  int r = db_step(&s->db, q);
  if (r > 0) *bit = (int)col_u64(q, 0);
  db_done(q);
  if (r != 0 || !make) return r > 0 ? CAD_OK : r < 0 ? r : CAD_ENOENT;
  q = db_query(&s->db, Q_SKILL_NEXT, "SELECT coalesce(max(bit)+1,0) FROM skill", "");
  if ((r = db_step(&s->db, q)) > 0) *bit = (int)col_u64(q, 0);
  db_done(q);
  if (r <= 0) return r < 0 ? r : CAD_EIO;
  if (*bit > 31) return CAD_EFULL;
  return db_run(&s->db, Q_SKILL_PUT, "INSERT INTO skill VALUES(?,?)", "dt", *bit, word);
}

int skills_bits(struct store *s, const char *words, bool make, uint32_t *out) {
  uint32_t bits = 0;
  char copy[128], *rest = NULL;
  if (strlen(words) >= sizeof copy) return CAD_EINVAL;
  strcpy(copy, words);
  for (char *word = strtok_r(copy, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
    int bit = 0, r = bit_of(s, word, make, &bit);
    if (r < 0) return r;
    bits |= UINT32_C(1) << bit;
  }
  *out = bits;
  return CAD_OK;
}

int skills_words(struct store *s, uint32_t bits, char *out, size_t room) {
  size_t used = 0;
  int r;
  out[0] = 0;
  sqlite3_stmt *q = db_query(&s->db, Q_SKILL_ALL, "SELECT bit, name FROM skill ORDER BY name", "");
  while ((r = db_step(&s->db, q)) > 0) {
    char name[64];
    if (!(bits >> col_u64(q, 0) & 1)) continue;
    col_text(q, 1, name, sizeof name);
    if (used + strlen(name) + 2 > room) continue;
    if (used) out[used++] = ',';
    strcpy(out + used, name);
    used += strlen(name);
  }
  db_done(q);
  return r;
}
