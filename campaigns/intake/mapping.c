#include <campaigns/intake.h>
#include <cadencia/err.h>
#include <jansson.h>
#include <stdlib.h>
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
                                          {"telefono_principal", COLUMN_PHONE},
                                          {"telefono_contacto", COLUMN_PHONE},
                                          {"telefono_de_contacto", COLUMN_PHONE},
                                          {"n_telefono", COLUMN_PHONE},
                                          {"num_telefono", COLUMN_PHONE},
                                          {"nro_telefono", COLUMN_PHONE},
                                          {"phone2", COLUMN_PHONE_MORE},
                                          {"phone3", COLUMN_PHONE_MORE},
                                          {"phone4", COLUMN_PHONE_MORE},
                                          {"phone5", COLUMN_PHONE_MORE},
                                          {"phone_2", COLUMN_PHONE_MORE},
                                          {"phone_3", COLUMN_PHONE_MORE},
                                          {"phone_4", COLUMN_PHONE_MORE},
                                          {"phone_5", COLUMN_PHONE_MORE},
                                          {"phone_number_2", COLUMN_PHONE_MORE},
                                          {"phone_number_3", COLUMN_PHONE_MORE},
                                          {"alt_phone", COLUMN_PHONE_MORE},
                                          {"alt_phone_2", COLUMN_PHONE_MORE},
                                          {"alternate_phone", COLUMN_PHONE_MORE},
                                          {"alternative_phone", COLUMN_PHONE_MORE},
                                          {"second_phone", COLUMN_PHONE_MORE},
                                          {"secondary_phone", COLUMN_PHONE_MORE},
                                          {"other_phone", COLUMN_PHONE_MORE},
                                          {"phone_alt", COLUMN_PHONE_MORE},
                                          {"telefono2", COLUMN_PHONE_MORE},
                                          {"telefono3", COLUMN_PHONE_MORE},
                                          {"telefono4", COLUMN_PHONE_MORE},
                                          {"telefono_2", COLUMN_PHONE_MORE},
                                          {"telefono_3", COLUMN_PHONE_MORE},
                                          {"telefono_4", COLUMN_PHONE_MORE},
                                          {"tel2", COLUMN_PHONE_MORE},
                                          {"tel3", COLUMN_PHONE_MORE},
                                          {"tel_2", COLUMN_PHONE_MORE},
                                          {"tel_3", COLUMN_PHONE_MORE},
                                          {"telefono_alternativo", COLUMN_PHONE_MORE},
                                          {"telefono_adicional", COLUMN_PHONE_MORE},
                                          {"otro_telefono", COLUMN_PHONE_MORE},
                                          {"telefono_casa", COLUMN_PHONE_MORE},
                                          {"telefono_trabajo", COLUMN_PHONE_MORE},
                                          {"telefono_fijo", COLUMN_PHONE_MORE},
                                          {"movil2", COLUMN_PHONE_MORE},
                                          {"movil_2", COLUMN_PHONE_MORE},
                                          {"celular2", COLUMN_PHONE_MORE},
                                          {"celular_2", COLUMN_PHONE_MORE},
                                          {"fijo", COLUMN_PHONE_MORE},
                                          {"tel_fijo", COLUMN_PHONE_MORE},
                                          {"tlf2", COLUMN_PHONE_MORE},
                                          {"tlf_2", COLUMN_PHONE_MORE},
                                          {"telf2", COLUMN_PHONE_MORE},
                                          {"telf_2", COLUMN_PHONE_MORE},
                                          {"telefono5", COLUMN_PHONE_MORE},
                                          {"telefono_5", COLUMN_PHONE_MORE},
                                          {"telefono_secundario", COLUMN_PHONE_MORE},
                                          {"telefono_oficina", COLUMN_PHONE_MORE},
                                          {"mobile2", COLUMN_PHONE_MORE},
                                          {"mobile_2", COLUMN_PHONE_MORE},
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
                                          {"n_cliente", COLUMN_EXTERNAL_ID},
                                          {"no_cliente", COLUMN_EXTERNAL_ID},
                                          {"num_cliente", COLUMN_EXTERNAL_ID},
                                          {"numero_cliente", COLUMN_EXTERNAL_ID},
                                          {"numero_de_cliente", COLUMN_EXTERNAL_ID},
                                          {"nro_cliente", COLUMN_EXTERNAL_ID},
                                          {"codigo_cliente", COLUMN_EXTERNAL_ID},
                                          {"codigo_de_cliente", COLUMN_EXTERNAL_ID},
                                          {"cod_cliente", COLUMN_EXTERNAL_ID},
                                          {"expediente", COLUMN_EXTERNAL_ID},
                                          {"n_expediente", COLUMN_EXTERNAL_ID},
                                          {"num_expediente", COLUMN_EXTERNAL_ID},
                                          {"numero_de_expediente", COLUMN_EXTERNAL_ID},
                                          {"contrato", COLUMN_EXTERNAL_ID},
                                          {"n_contrato", COLUMN_EXTERNAL_ID},
                                          {"num_contrato", COLUMN_EXTERNAL_ID},
                                          {"numero_de_contrato", COLUMN_EXTERNAL_ID},
                                          {"poliza", COLUMN_EXTERNAL_ID},
                                          {"n_poliza", COLUMN_EXTERNAL_ID},
                                          {"account_number", COLUMN_EXTERNAL_ID},
                                          {"account_id", COLUMN_EXTERNAL_ID},
                                          {"account_no", COLUMN_EXTERNAL_ID},
                                          {"customer_number", COLUMN_EXTERNAL_ID},
                                          {"customer_no", COLUMN_EXTERNAL_ID},
                                          {"client_number", COLUMN_EXTERNAL_ID},
                                          {"cpf", COLUMN_EXTERNAL_ID},
                                          {"rfc", COLUMN_EXTERNAL_ID},
                                          {"documento", COLUMN_EXTERNAL_ID},
                                          {"identificacion", COLUMN_EXTERNAL_ID},
                                          {"id", COLUMN_EXTERNAL_ID},
                                          {"zone", COLUMN_ZONE},
                                          {"timezone", COLUMN_ZONE},
                                          {"time_zone", COLUMN_ZONE},
                                          {"tz", COLUMN_ZONE},
                                          {"zona", COLUMN_ZONE},
                                          {"zona_horaria", COLUMN_ZONE},
                                          {"huso_horario", COLUMN_ZONE},
                                          {"postcode", COLUMN_POSTCODE},
                                          {"postal_code", COLUMN_POSTCODE},
                                          {"postalcode", COLUMN_POSTCODE},
                                          {"zip", COLUMN_POSTCODE},
                                          {"zip_code", COLUMN_POSTCODE},
                                          {"zipcode", COLUMN_POSTCODE},
                                          {"codigo_postal", COLUMN_POSTCODE},
                                          {"cod_postal", COLUMN_POSTCODE},
                                          {"cp", COLUMN_POSTCODE},
                                          {"cep", COLUMN_POSTCODE},
                                          {"state", COLUMN_STATE},
                                          {"province", COLUMN_STATE},
                                          {"estado", COLUMN_STATE},
                                          {"provincia", COLUMN_STATE},
                                          {"departamento", COLUMN_STATE},
                                          {"comunidad", COLUMN_STATE},
                                          {"comunidad_autonoma", COLUMN_STATE},
                                          {"region", COLUMN_STATE},
                                          {"entidad_federativa", COLUMN_STATE},
                                          {"country", COLUMN_COUNTRY},
                                          {"country_code", COLUMN_COUNTRY},
                                          {"pais", COLUMN_COUNTRY},
                                          {"phone_code", COLUMN_CALLING_CODE},
                                          {"calling_code", COLUMN_CALLING_CODE},
                                          {"dial_code", COLUMN_CALLING_CODE},
                                          {"prefijo", COLUMN_CALLING_CODE},
                                          {"codigo_pais", COLUMN_CALLING_CODE},
                                          {"priority", COLUMN_SEGMENT},
                                          {"prioridad", COLUMN_SEGMENT},
                                          {"segment", COLUMN_SEGMENT},
                                          {"segmento", COLUMN_SEGMENT},
                                          {"score", COLUMN_SEGMENT},
                                          {"rank", COLUMN_SEGMENT},
                                          {"consent", COLUMN_CONSENT},
                                          {"consentimiento", COLUMN_CONSENT},
                                          {"opt_in", COLUMN_CONSENT},
                                          {"optin", COLUMN_CONSENT},
                                          {"status", COLUMN_STATUS},
                                          {"last_status", COLUMN_STATUS},
                                          {"disposition", COLUMN_STATUS},
                                          {"tipificacion", COLUMN_STATUS},
                                          {"estatus", COLUMN_STATUS},
                                          {"consent_date", COLUMN_CONSENT_DATE},
                                          {"optin_date", COLUMN_CONSENT_DATE},
                                          {"opt_in_date", COLUMN_CONSENT_DATE},
                                          {"consented_at", COLUMN_CONSENT_DATE},
                                          {"fecha_consentimiento", COLUMN_CONSENT_DATE},
                                          {"fecha_de_consentimiento", COLUMN_CONSENT_DATE},
                                          {"consent_source", COLUMN_CONSENT_SOURCE},
                                          {"optin_source", COLUMN_CONSENT_SOURCE},
                                          {"origen_consentimiento", COLUMN_CONSENT_SOURCE},
                                          {"fuente_consentimiento", COLUMN_CONSENT_SOURCE},
                                          {"consent_text", COLUMN_CONSENT_TEXT},
                                          {"texto_consentimiento", COLUMN_CONSENT_TEXT},
                                          {"consent_basis", COLUMN_CONSENT_BASIS},
                                          {"legal_basis", COLUMN_CONSENT_BASIS},
                                          {"lawful_basis", COLUMN_CONSENT_BASIS},
                                          {"base_legal", COLUMN_CONSENT_BASIS},
                                          {"consent_expires", COLUMN_CONSENT_EXPIRES},
                                          {"consent_until", COLUMN_CONSENT_EXPIRES},
                                          {"caducidad_consentimiento", COLUMN_CONSENT_EXPIRES},
                                          {"vencimiento_consentimiento", COLUMN_CONSENT_EXPIRES}};
enum { SYNONYM_COUNT = sizeof SYNONYMS / sizeof SYNONYMS[0] };

/* Words of a mapping that people write or keep. */
static const struct synonym ROLES[] = {{"field", COLUMN_EXTRA},
                                       {"phone", COLUMN_PHONE},
                                       {"phone2", COLUMN_PHONE_MORE},
                                       {"name", COLUMN_NAME},
                                       {"first_name", COLUMN_FIRST_NAME},
                                       {"last_name", COLUMN_LAST_NAME},
                                       {"id", COLUMN_EXTERNAL_ID},
                                       {"zone", COLUMN_ZONE},
                                       {"postcode", COLUMN_POSTCODE},
                                       {"state", COLUMN_STATE},
                                       {"country", COLUMN_COUNTRY},
                                       {"calling_code", COLUMN_CALLING_CODE},
                                       {"priority", COLUMN_SEGMENT},
                                       {"consent", COLUMN_CONSENT},
                                       {"status", COLUMN_STATUS},
                                       {"consent_date", COLUMN_CONSENT_DATE},
                                       {"consent_source", COLUMN_CONSENT_SOURCE},
                                       {"consent_text", COLUMN_CONSENT_TEXT},
                                       {"consent_basis", COLUMN_CONSENT_BASIS},
                                       {"consent_expires", COLUMN_CONSENT_EXPIRES},
                                       {"skip", COLUMN_SKIP}};
enum { ROLE_NAMES = sizeof ROLES / sizeof ROLES[0] };

const char *column_role_name(enum column_role role) {
  for (int i = 0; i < ROLE_NAMES; i++)
    if (ROLES[i].role == role) return ROLES[i].name;
  return "?";
}

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
static void assign(struct mapping *m, int column, int rank, int best_rank[COLUMN_ROLE_COUNT]) {
  enum column_role role = SYNONYMS[rank].role;
  if (role == COLUMN_PHONE_MORE || role == COLUMN_CONSENT) { /* there may be several */
    m->role[column] = (uint8_t)role;
    return;
  }
  if (best_rank[role] >= 0 && best_rank[role] <= rank) return;
  for (int i = 0; i < column; i++)
    if (m->role[i] == role) m->role[i] = COLUMN_EXTRA;
  best_rank[role] = rank;
  m->role[column] = (uint8_t)role;
}

int mapping_from_header(const struct csv_record *h, const char *phone_column, struct mapping *out, char err[INTAKE_ERROR_MAX]) {
  int best[COLUMN_ROLE_COUNT], phone_seen = 0;
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
  if (h->count > 3 && strcmp(h->fields[0], "line") == 0 && strcmp(h->fields[1], "reason") == 0 && strcmp(h->fields[2], "how_to_mend") == 0)
    out->role[0] = out->role[1] = out->role[2] = COLUMN_SKIP; /* a reject file that was mended */
  mapping_settle(out);
  return out->phone >= 0 ? CAD_OK : no_phone_column(h, phone_column, err);
}

/* A file that names only "phone2" has its first number there. */
void mapping_settle(struct mapping *m) {
  m->phone = -1;
  m->more_count = 0;
  for (int i = 0; i < m->count; i++)
    if (m->role[i] == COLUMN_PHONE) m->phone = i;
  for (int i = 0; i < m->count; i++) {
    if (m->role[i] != COLUMN_PHONE_MORE) continue;
    if (m->phone < 0)
      m->phone = i, m->role[i] = COLUMN_PHONE;
    else if (m->more_count < CONTACT_NUMBERS_MAX - 1)
      m->more[m->more_count++] = i;
    else
      m->role[i] = COLUMN_EXTRA;
  }
}

static int role_of_word(const char *word) {
  char folded[32];
  fold(word, folded, sizeof folded);
  for (int i = 0; i < ROLE_NAMES; i++)
    if (strcmp(ROLES[i].name, folded) == 0) return (int)ROLES[i].role;
  return strlen(folded) == 6 && strncmp(folded, "phone", 5) == 0 && folded[5] >= '2' && folded[5] <= '5' ? COLUMN_PHONE_MORE : -1;
}

int mapping_set(struct mapping *m, const char *column, const char *role, char err[INTAKE_ERROR_MAX]) {
  char wanted[64], folded[64];
  int said = role_of_word(role), hits = 0;
  fold(column, wanted, sizeof wanted);
  if (said < 0) {
    snprintf(err, INTAKE_ERROR_MAX,
             "\"%.30s\" is no kind of column: phone, phone2, name, first_name, last_name, id, zone, postcode, state, country,"
             " calling_code, priority, consent, consent_date (_source, _text, _basis, _expires), status, field, skip",
             role);
    return CAD_EINVAL;
  }
  for (int i = 0; i < m->count; i++) {
    fold(m->names[i], folded, sizeof folded);
    bool same = strcmp(folded, wanted) == 0;
    hits += same;
    if (same)
      m->role[i] = (uint8_t)said;
    else if (m->role[i] == said && said != COLUMN_EXTRA && said != COLUMN_SKIP && said != COLUMN_PHONE_MORE && said != COLUMN_CONSENT)
      m->role[i] = COLUMN_EXTRA; /* what was said wins over what was guessed */
  }
  if (hits) return CAD_OK;
  snprintf(err, INTAKE_ERROR_MAX, "the file has no column \"%.60s\", which the mapping names", column);
  return CAD_ENOENT;
}

int mapping_set_all(struct mapping *m, const char *pairs, char err[INTAKE_ERROR_MAX]) {
  char copy[4096], *rest = NULL;
  if (strlen(pairs) >= sizeof copy) {
    snprintf(err, INTAKE_ERROR_MAX, "the mapping is longer than 4 kB");
    return CAD_EINVAL;
  }
  strcpy(copy, pairs);
  for (char *pair = strtok_r(copy, ",", &rest); pair; pair = strtok_r(NULL, ",", &rest)) {
    char *equals = strrchr(pair, '=');
    if (!equals) {
      snprintf(err, INTAKE_ERROR_MAX, "\"%.60s\" must be COLUMN=KIND, as \"Tel 1=phone\"", pair);
      return CAD_EINVAL;
    }
    *equals = 0;
    int r = mapping_set(m, pair, equals + 1, err);
    if (r < 0) return r;
  }
  mapping_settle(m);
  if (m->phone >= 0) return CAD_OK;
  snprintf(err, INTAKE_ERROR_MAX, "the mapping leaves no phone column");
  return CAD_ENOENT;
}

/* ---- kept mappings: {"columns": {"Tel 1": "phone", ...}} ---- */

char *mapping_to_json(const struct mapping *m) {
  json_t *columns = json_object();
  for (int i = 0; i < m->count; i++) {
    json_t *role = json_string(column_role_name((enum column_role)m->role[i]));
    if (json_object_set_new(columns, m->names[i], role) < 0) json_decref(role); /* a name that is no UTF-8 */
  }
  json_t *root = json_pack("{s:o}", "columns", columns);
  char *text = root ? json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
  json_decref(root);
  return text;
}

int mapping_set_json(struct mapping *m, const char *text, char err[INTAKE_ERROR_MAX]) {
  json_t *root = json_loads(text, 0, NULL), *columns = json_object_get(root, "columns"), *value;
  const char *column;
  int r = json_is_object(columns) ? CAD_OK : CAD_EFORMAT;
  if (r < 0) snprintf(err, INTAKE_ERROR_MAX, "the kept mapping cannot be read; save it again");
  json_object_foreach(columns, column, value) {
    const char *role = json_string_value(value);
    if (r < 0) break;
    r = mapping_set(m, column, role ? role : "", err);
    if (r == CAD_ENOENT && role && (strcmp(role, "field") == 0 || strcmp(role, "skip") == 0)) r = CAD_OK; /* it may come or not */
  }
  json_decref(root);
  if (r < 0) return r;
  mapping_settle(m);
  if (m->phone >= 0) return CAD_OK;
  snprintf(err, INTAKE_ERROR_MAX, "the kept mapping leaves no phone column");
  return CAD_ENOENT;
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
  out->role[1] = out->role[2] = COLUMN_SKIP;
  out->role[3] = COLUMN_CALLING_CODE;
  out->role[4] = COLUMN_PHONE;
  out->role[6] = COLUMN_FIRST_NAME;
  out->role[8] = COLUMN_LAST_NAME;
  out->role[13] = COLUMN_STATE;
  out->role[15] = COLUMN_POSTCODE;
  out->role[16] = COLUMN_COUNTRY;
  out->role[19] = COLUMN_PHONE_MORE;
  out->role[23] = COLUMN_SEGMENT;
  mapping_settle(out);
  return true;
}

/* ---- rows ---- */

/* Writes text as a JSON string at to[used]; the new length, or 0 when it does not fit. */
static size_t put_json(char *to, size_t size, size_t used, const char *text) {
  if (used + 2 >= size) return 0;
  to[used++] = '"';
  for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
    size_t wanted = *p < 0x20 || *p == 0x7f ? 6 : *p == '"' || *p == '\\' ? 2 : 1;
    if (used + wanted + 1 >= size) return 0;
    if (*p == '"' || *p == '\\') to[used++] = '\\';
    if (*p < 0x20 || *p == 0x7f)
      used += (size_t)sprintf(to + used, "\\u%04x", *p);
    else
      to[used++] = (char)*p;
  }
  to[used++] = '"';
  return used;
}

/* Places and consents are also kept as they were written, for the agent's screen and for proof. */
static bool kept_as_field(enum column_role role) {
  return role == COLUMN_EXTRA || role == COLUMN_POSTCODE || role == COLUMN_STATE || role == COLUMN_CONSENT || role == COLUMN_CONSENT_DATE ||
         role == COLUMN_CONSENT_SOURCE;
}

static int put_extra(const struct mapping *m, const struct csv_record *r, char *out, size_t size) {
  size_t used = 1;
  int dropped = 0;
  out[0] = '{';
  for (int i = 0; i < r->count && i < m->count; i++) {
    if (!kept_as_field((enum column_role)m->role[i]) || !r->fields[i][0]) continue;
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

/* "7" of 0 to 9, or of 0 to 100 its ten. */
static uint8_t segment_of(const char *text) {
  unsigned v = 0;
  for (const char *p = text; *p >= '0' && *p <= '9' && v < 1000; p++) v = v * 10 + (unsigned)(*p - '0');
  if (v >= CONTACT_SEGMENTS) v /= 10;
  return (uint8_t)(v < CONTACT_SEGMENTS ? v : CONTACT_SEGMENTS - 1);
}

const char *mapping_cell(const struct mapping *m, const struct csv_record *r, enum column_role role) {
  for (int i = 0; i < r->count && i < m->count; i++)
    if (m->role[i] == role && r->fields[i][0]) return r->fields[i];
  return "";
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
    case COLUMN_SEGMENT: row->segment = segment_of(r->fields[i]); break;
    default: break; /* numbers and places are import.c's, the rest is a field */
    }
  }
  char both[256];
  snprintf(both, sizeof both, "%.120s%s%.120s", first, first[0] && last[0] ? " " : "", last);
  copy_text(row->name, sizeof row->name, name[0] ? name : both);
  return put_extra(m, r, row->extra, sizeof row->extra);
}
