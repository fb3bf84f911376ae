#include <campaigns/intake.h>
#include <cadencia/err.h>
#include <string.h>

/* What columns are called, already folded: lower case, no accents, '_' between words. Earlier names win when a file
 * has several phone columns. */
struct synonym {
  const char *name;
  enum column_role role;
};
static const struct synonym SYNONYMS[] = {{"phone", COLUMN_PHONE},
                                          {"phone_number", COLUMN_PHONE},
                                          {"telefono", COLUMN_PHONE},
                                          {"telephone", COLUMN_PHONE},
                                          {"telephone_number", COLUMN_PHONE},
                                          {"numero_de_telefono", COLUMN_PHONE},
                                          {"numero_telefono", COLUMN_PHONE},
                                          {"phone1", COLUMN_PHONE},
                                          {"phone_1", COLUMN_PHONE},
                                          {"telefono1", COLUMN_PHONE},
                                          {"telefono_1", COLUMN_PHONE},
                                          {"primary_phone", COLUMN_PHONE},
                                          {"phonenumber", COLUMN_PHONE},
                                          {"movil", COLUMN_PHONE},
                                          {"celular", COLUMN_PHONE},
                                          {"mobile", COLUMN_PHONE},
                                          {"mobile_phone", COLUMN_PHONE},
                                          {"cell", COLUMN_PHONE},
                                          {"cell_phone", COLUMN_PHONE},
                                          {"cellphone", COLUMN_PHONE},
                                          {"telefono_movil", COLUMN_PHONE},
                                          {"tel_movil", COLUMN_PHONE},
                                          {"tel", COLUMN_PHONE},
                                          {"tlf", COLUMN_PHONE},
                                          {"tfno", COLUMN_PHONE},
                                          {"telf", COLUMN_PHONE},
                                          {"msisdn", COLUMN_PHONE},
                                          {"contact_number", COLUMN_PHONE},
                                          {"number", COLUMN_PHONE},
                                          {"numero", COLUMN_PHONE},
                                          {"fono", COLUMN_PHONE},
                                          {"telefone", COLUMN_PHONE},
                                          {"home_phone", COLUMN_PHONE},
                                          {"work_phone", COLUMN_PHONE},
                                          {"name", COLUMN_NAME},
                                          {"full_name", COLUMN_NAME},
                                          {"fullname", COLUMN_NAME},
                                          {"contact_name", COLUMN_NAME},
                                          {"nombre_completo", COLUMN_NAME},
                                          {"nombre_y_apellidos", COLUMN_NAME},
                                          {"customer_name", COLUMN_NAME},
                                          {"cliente", COLUMN_NAME},
                                          {"razon_social", COLUMN_NAME},
                                          {"first_name", COLUMN_FIRST_NAME},
                                          {"firstname", COLUMN_FIRST_NAME},
                                          {"given_name", COLUMN_FIRST_NAME},
                                          {"nombre", COLUMN_FIRST_NAME},
                                          {"nombres", COLUMN_FIRST_NAME},
                                          {"last_name", COLUMN_LAST_NAME},
                                          {"lastname", COLUMN_LAST_NAME},
                                          {"surname", COLUMN_LAST_NAME},
                                          {"family_name", COLUMN_LAST_NAME},
                                          {"apellidos", COLUMN_LAST_NAME},
                                          {"apellido", COLUMN_LAST_NAME},
                                          {"external_id", COLUMN_EXTERNAL_ID},
                                          {"id_externo", COLUMN_EXTERNAL_ID},
                                          {"customer_id", COLUMN_EXTERNAL_ID},
                                          {"client_id", COLUMN_EXTERNAL_ID},
                                          {"id_cliente", COLUMN_EXTERNAL_ID},
                                          {"contact_id", COLUMN_EXTERNAL_ID},
                                          {"vendor_lead_code", COLUMN_EXTERNAL_ID},
                                          {"reference", COLUMN_EXTERNAL_ID},
                                          {"referencia", COLUMN_EXTERNAL_ID},
                                          {"account", COLUMN_EXTERNAL_ID},
                                          {"nif", COLUMN_EXTERNAL_ID},
                                          {"dni", COLUMN_EXTERNAL_ID},
                                          {"rut", COLUMN_EXTERNAL_ID},
                                          {"cuit", COLUMN_EXTERNAL_ID},
                                          {"curp", COLUMN_EXTERNAL_ID},
                                          {"cedula", COLUMN_EXTERNAL_ID},
                                          {"id", COLUMN_EXTERNAL_ID},
                                          {"zone", COLUMN_ZONE},
                                          {"timezone", COLUMN_ZONE},
                                          {"time_zone", COLUMN_ZONE},
                                          {"tz", COLUMN_ZONE},
                                          {"zona", COLUMN_ZONE},
                                          {"zona_horaria", COLUMN_ZONE},
                                          {"huso_horario", COLUMN_ZONE}};
enum { SYNONYM_COUNT = sizeof SYNONYMS / sizeof SYNONYMS[0] };

/* Letter under the accent, for the two-byte Latin letters of U+00C0..U+00FF. */
static char unaccented(unsigned char second) {
  static const char LETTERS[] = "aaaaaaaceeeeiiiidnooooo_ouuuuyts"
                                "aaaaaaaceeeeiiiidnooooo_ouuuuyty";
  return LETTERS[second & 0x3f];
}

/* "Teléfono Móvil" and "TELEFONO-MOVIL" become "telefono_movil". */
static void fold(const char *text, char *out, size_t size) {
  size_t n = 0;
  for (const unsigned char *p = (const unsigned char *)text; *p && n + 1 < size; p++) {
    char c;
    if (*p == 0xc3 && p[1] >= 0x80 && p[1] <= 0xbf) {
      c = unaccented(*++p);
    } else if (*p >= 'A' && *p <= 'Z') {
      c = (char)(*p - 'A' + 'a');
    } else if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')) {
      c = (char)*p;
    } else {
      c = '_';
    }
    if (c == '_' && (n == 0 || out[n - 1] == '_')) continue;
    out[n++] = c;
  }
  while (n > 0 && out[n - 1] == '_') n--;
  out[n] = 0;
}

/* Copies whole UTF-8 characters only. */
static void copy_text(char *to, size_t size, const char *from) {
  size_t n = strlen(from);
  if (n >= size) {
    n = size - 1;
    while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80) n--;
  }
  memcpy(to, from, n);
  to[n] = 0;
}

static int synonym_rank(const char *folded) {
  for (int i = 0; i < SYNONYM_COUNT; i++)
    if (strcmp(SYNONYMS[i].name, folded) == 0) return i;
  return -1;
}

static int no_phone_column(const struct csv_record *h, const char *wanted, char err[INTAKE_ERROR_MAX]) {
  char seen[120];
  size_t used = 0;
  seen[0] = 0;
  for (int i = 0; i < h->count && used + 30 < sizeof seen; i++) {
    char name[28];
    copy_text(name, sizeof name, h->fields[i]);
    used += (size_t)snprintf(seen + used, sizeof seen - used, "%s%s", used ? ", " : "", name);
  }
  if (wanted)
    snprintf(err, INTAKE_ERROR_MAX, "the header has no column \"%.40s\"; its columns are: %s", wanted, seen);
  else
    snprintf(err, INTAKE_ERROR_MAX,
             "the first row names no phone column (phone, telefono, mobile...); name it with --phone-column; its columns are: %s", seen);
  return CAD_ENOENT;
}

/* A second column of a role that is taken already goes with the extra ones, unless it has the better name. */
static void assign(struct mapping *m, int column, int rank, int best_rank[COLUMN_SKIP + 1]) {
  enum column_role role = SYNONYMS[rank].role;
  if (best_rank[role] >= 0 && best_rank[role] <= rank) return;
  for (int i = 0; i < column; i++)
    if (m->role[i] == role) m->role[i] = COLUMN_EXTRA;
  best_rank[role] = rank;
  m->role[column] = (uint8_t)role;
}

int mapping_from_header(const struct csv_record *h, const char *phone_column, struct mapping *out, char err[INTAKE_ERROR_MAX]) {
  int best[COLUMN_SKIP + 1], phone_seen = 0;
  char wanted[64];
  for (size_t i = 0; i < sizeof best / sizeof best[0]; i++) best[i] = -1;
  memset(out, 0, sizeof *out);
  out->count = h->count;
  out->phone = -1;
  fold(phone_column ? phone_column : "", wanted, sizeof wanted);
  for (int i = 0; i < h->count; i++) {
    char folded[64];
    fold(h->fields[i], folded, sizeof folded);
    copy_text(out->names[i], sizeof out->names[i], h->fields[i]);
    if (!folded[0]) snprintf(out->names[i], sizeof out->names[i], "column_%d", i + 1);
    if (phone_column && folded[0] && strcmp(folded, wanted) == 0) {
      if (phone_seen++) {
        snprintf(err, INTAKE_ERROR_MAX, "two columns are called \"%.40s\"; rename one", phone_column);
        return CAD_EEXIST;
      }
      out->role[i] = COLUMN_PHONE;
      continue;
    }
    int rank = synonym_rank(folded);
    if (rank < 0 || (phone_column && SYNONYMS[rank].role == COLUMN_PHONE)) continue;
    assign(out, i, rank, best);
  }
  for (int i = 0; i < h->count; i++)
    if (out->role[i] == COLUMN_PHONE) out->phone = i;
  return out->phone >= 0 ? CAD_OK : no_phone_column(h, phone_column, err);
}

bool mapping_vicidial(const struct csv_record *first, struct mapping *out) {
  static const char *const NAMES[] = {
      "vendor_lead_code", "source_id",   "list_id",      "phone_code", "phone_number",  "title",     "first_name",
      "middle_initial",   "last_name",   "address1",     "address2",   "address3",      "city",      "state",
      "province",         "postal_code", "country_code", "gender",     "date_of_birth", "alt_phone", "email",
      "security_phrase",  "comments",    "rank",         "owner"};
  enum { COLUMNS = sizeof NAMES / sizeof NAMES[0] };
  if (first->count < 9 || first->count > COLUMNS) return false;
  const char *code = first->fields[3], *phone = first->fields[4];
  if (strspn(code, "0123456789") != strlen(code) || strlen(code) > 3) return false;
  if (strspn(phone, "0123456789") != strlen(phone) || strlen(phone) < 6) return false;
  memset(out, 0, sizeof *out);
  out->count = COLUMNS;
  out->phone = 4;
  for (int i = 0; i < COLUMNS; i++) snprintf(out->names[i], sizeof out->names[i], "%s", NAMES[i]);
  out->role[0] = COLUMN_EXTERNAL_ID;
  out->role[1] = out->role[2] = out->role[3] = COLUMN_SKIP;
  out->role[4] = COLUMN_PHONE;
  out->role[6] = COLUMN_FIRST_NAME;
  out->role[8] = COLUMN_LAST_NAME;
  return true;
}

/* ---- rows ---- */

/* Writes text as a JSON string at to[used]; the new length, or 0 when it does not fit. */
static size_t put_json(char *to, size_t size, size_t used, const char *text) {
  if (used + 2 >= size) return 0;
  to[used++] = '"';
  for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
    char escape[8];
    if (*p == '"' || *p == '\\')
      snprintf(escape, sizeof escape, "\\%c", *p);
    else if (*p < 0x20 || *p == 0x7f)
      snprintf(escape, sizeof escape, "\\u%04x", *p);
    else
      snprintf(escape, sizeof escape, "%c", *p);
    size_t n = strlen(escape);
    if (used + n + 1 >= size) return 0;
    memcpy(to + used, escape, n);
    used += n;
  }
  to[used++] = '"';
  return used;
}

static int put_extra(const struct mapping *m, const struct csv_record *r, char *out, size_t size) {
  size_t used = 1;
  int dropped = 0;
  out[0] = '{';
  for (int i = 0; i < r->count && i < m->count; i++) {
    if (m->role[i] != COLUMN_EXTRA || !r->fields[i][0]) continue;
    size_t at = used, room = size - 1; /* of the closing brace */
    if (at > 1 && at + 1 < room) out[at++] = ',';
    at = put_json(out, room, at, m->names[i]);
    if (at && at + 1 < room) {
      out[at++] = ':';
      at = put_json(out, room, at, r->fields[i]);
    } else {
      at = 0;
    }
    if (at)
      used = at;
    else
      dropped++;
  }
  if (used == 1) {
    out[0] = 0;
    return dropped;
  }
  out[used] = '}';
  out[used + 1] = 0;
  return dropped;
}

int mapping_row(const struct mapping *m, const struct csv_record *r, struct contact_row *row) {
  const char *name = "", *first = "", *last = "";
  memset(row, 0, sizeof *row);
  for (int i = 0; i < r->count && i < m->count; i++) {
    switch ((enum column_role)m->role[i]) {
    case COLUMN_NAME: name = r->fields[i]; break;
    case COLUMN_FIRST_NAME: first = r->fields[i]; break;
    case COLUMN_LAST_NAME: last = r->fields[i]; break;
    case COLUMN_EXTERNAL_ID: copy_text(row->external_id, sizeof row->external_id, r->fields[i]); break;
    case COLUMN_ZONE: copy_text(row->zone, sizeof row->zone, r->fields[i]); break;
    case COLUMN_EXTRA:
    case COLUMN_PHONE:
    case COLUMN_SKIP: break;
    }
  }
  char both[256];
  snprintf(both, sizeof both, "%.120s%s%.120s", first, first[0] && last[0] ? " " : "", last);
  copy_text(row->name, sizeof row->name, name[0] ? name : both);
  return put_extra(m, r, row->extra, sizeof row->extra);
}
