/* mapping: columns by the names that people use; what has no name of ours is kept as JSON. */
#include <cadencia/err.h>
#include <campaigns/intake.h>
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct mapping map;
static char err[INTAKE_ERROR_MAX];

/* Cells apart by '|'. */
static struct csv_record record(const char *text) {
  static char copy[8192];
  static const char *fields[64];
  struct csv_record r = {1, 0, fields};
  snprintf(copy, sizeof copy, "%s", text);
  char *p = copy;
  do fields[r.count++] = p;
  while ((p = strchr(p, '|')) && (*p++ = 0, r.count < 64));
  return r;
}
static int header(const char *text, const char *phone_column) {
  struct csv_record r = record(text);
  return mapping_from_header(&r, phone_column, &map, err);
}

START_TEST(the_phone_column_is_found_by_its_usual_names) {
  static const char *const NAMES[] = {"phone",
                                      "Phone Number",
                                      "TELEFONO",
                                      "Tel\303\251fono",
                                      "TEL\303\211FONO M\303\223VIL",
                                      "m\303\263vil",
                                      "Celular",
                                      "Tel.",
                                      "numero",
                                      "N\303\272mero",
                                      "MOBILE-PHONE",
                                      "msisdn",
                                      "Telephone Number"};
  for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
    char text[128];
    snprintf(text, sizeof text, "name|%s|city", NAMES[i]);
    ck_assert_msg(header(text, NULL) == CAD_OK, "%s: %s", NAMES[i], err);
    ck_assert_int_eq(map.phone, 1);
  }
}
END_TEST

START_TEST(of_two_phone_columns_the_better_name_wins_and_the_other_is_kept) {
  ck_assert_int_eq(header("tel|mobile|phone|name", NULL), CAD_OK);
  ck_assert_int_eq(map.phone, 2);
  ck_assert_uint_eq(map.role[0], COLUMN_EXTRA);
  ck_assert_uint_eq(map.role[1], COLUMN_EXTRA);
  ck_assert_int_eq(header("tel|mobile|phone|name", "mobile"), CAD_OK);
  ck_assert_int_eq(map.phone, 1);
  ck_assert_int_eq(header("tel|mobile", "fax"), CAD_ENOENT);
  ck_assert_ptr_nonnull(strstr(err, "fax"));
  ck_assert_int_eq(header("tel|tel", "tel"), CAD_EEXIST);
}
END_TEST

START_TEST(a_header_without_a_phone_names_what_it_has) {
  ck_assert_int_eq(header("alpha|beta", NULL), CAD_ENOENT);
  ck_assert_ptr_nonnull(strstr(err, "alpha, beta"));
}
END_TEST

START_TEST(rows_become_contacts_with_the_rest_as_json) {
  struct contact_row row;
  ck_assert_int_eq(header("Nombre|Apellidos|tel\303\251fono|NIF|Zona|Deuda \"real\"||id", NULL), CAD_OK);
  struct csv_record r = record("Jos\303\251|Garc\303\255a|612345678|X1|Europe/Madrid|12,50 \\ \"\303\261\"|seven|9");
  ck_assert_int_eq(mapping_row(&map, &r, &row), 0);
  ck_assert_str_eq(row.name, "Jos\303\251 Garc\303\255a");
  ck_assert_str_eq(row.external_id, "X1");
  ck_assert_str_eq(row.zone, "Europe/Madrid");
  json_t *j = json_loads(row.extra, 0, NULL);
  ck_assert_msg(j != NULL, "%s", row.extra);
  ck_assert_str_eq(json_string_value(json_object_get(j, "Deuda \"real\"")), "12,50 \\ \"\303\261\"");
  ck_assert_str_eq(json_string_value(json_object_get(j, "column_7")), "seven");
  ck_assert_str_eq(json_string_value(json_object_get(j, "id")), "9");
  json_decref(j);
}
END_TEST

START_TEST(what_finds_no_room_is_counted_and_the_json_stays_whole) {
  struct contact_row row;
  for (size_t n = 400; n < 700; n++) {
    char name_cell[201];
    for (size_t i = 0; i < 100; i++) memcpy(name_cell + 2 * i, "\303\261", 2);
    name_cell[200] = 0;
    ck_assert_int_eq(header("phone|name|a|c|z", NULL), CAD_OK);
    char big[1024];
    memset(big, 'x', n);
    big[n] = 0;
    const char *fields[5] = {"1", name_cell, "short", big, "z"};
    struct csv_record r = {2, 5, fields};
    int dropped = mapping_row(&map, &r, &row);
    json_t *j = json_loads(row.extra, 0, NULL);
    ck_assert_msg(j != NULL, "%zu: %s", n, row.extra);
    ck_assert_int_eq((int)json_object_size(j) + dropped, 3);
    ck_assert(json_object_get(j, "a") != NULL);
    ck_assert(json_object_get(j, "z") != NULL || json_object_get(j, "c") != NULL);
    json_decref(j);
    json_t *name = json_string(row.name); /* NULL when cut inside a letter */
    ck_assert_ptr_nonnull(name);
    json_decref(name);
  }
}
END_TEST

START_TEST(vicidials_standard_order_needs_no_header) {
  struct csv_record r =
      record("V1|SRC|101|1|2025550101|Mr|John|Q|Doe|1 Main St|||Springfield|IL||62701|US|M|1970-01-01||j@example.com||note|5|me");
  struct contact_row row;
  ck_assert(mapping_vicidial(&r, &map));
  ck_assert_int_eq(map.phone, 4);
  ck_assert_int_eq(mapping_row(&map, &r, &row), 0);
  ck_assert_str_eq(row.name, "John Doe");
  ck_assert_str_eq(row.external_id, "V1");
  ck_assert_ptr_nonnull(strstr(row.extra, "\"city\":\"Springfield\""));
  struct csv_record h = record("vendor_lead_code|source_id|list_id|phone_code|phone_number|title|first_name|middle_initial|last_name");
  ck_assert(!mapping_vicidial(&h, &map));
}
END_TEST

int main(void) {
  Suite *s = suite_create("mapping");
  TCase *t = tcase_create("columns");
  tcase_add_test(t, the_phone_column_is_found_by_its_usual_names);
  tcase_add_test(t, of_two_phone_columns_the_better_name_wins_and_the_other_is_kept);
  tcase_add_test(t, a_header_without_a_phone_names_what_it_has);
  tcase_add_test(t, rows_become_contacts_with_the_rest_as_json);
  tcase_add_test(t, what_finds_no_room_is_counted_and_the_json_stays_whole);
  tcase_add_test(t, vicidials_standard_order_needs_no_header);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
