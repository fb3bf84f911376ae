/* csv: every dialect that people bring is read; what is no list of rows is refused in plain words. */
#include "tests/support/scratch.h"
#include <cadencia/err.h>
#include <campaigns/intake.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every record as [a|b] with its line, one after another. */
static char *flat;
static char err[INTAKE_ERROR_MAX];

static int read_all(const char *bytes, size_t n) {
  int fd = scratch_fd(bytes, n);
  struct csv *c = NULL;
  struct csv_record r;
  size_t size;
  free(flat);
  flat = NULL;
  FILE *out = open_memstream(&flat, &size);
  int got = csv_create(fd, &c, err);
  while (got >= 0 && (got = csv_next(c, &r, err)) > 0) {
    fprintf(out, "%llu[", (unsigned long long)r.line);
    for (int i = 0; i < r.count; i++) fprintf(out, "%s%s", i ? "|" : "", r.fields[i]);
    fputs("]", out);
  }
  fclose(out);
  csv_destroy(c);
  close(fd);
  return got;
}
#define READ(text) read_all(text, sizeof(text) - 1)

START_TEST(every_separator_is_found_from_the_header) {
  ck_assert_int_eq(READ("phone,name\n1,a\n"), 0);
  ck_assert_str_eq(flat, "1[phone|name]2[1|a]");
  ck_assert_int_eq(READ("phone;name\n1;a,b\n"), 0);
  ck_assert_str_eq(flat, "1[phone|name]2[1|a,b]");
  ck_assert_int_eq(READ("phone\tname\n1\ta\n"), 0);
  ck_assert_str_eq(flat, "1[phone|name]2[1|a]");
  ck_assert_int_eq(READ("phone|name\n1|a\n"), 0);
  ck_assert_str_eq(flat, "1[phone|name]2[1|a]");
  ck_assert_int_eq(READ("sep=;\r\n\"a,b,c,d\";phone\r\n"), 0);
  ck_assert_str_eq(flat, "2[a,b,c,d|phone]");
}
END_TEST

START_TEST(quotes_hold_separators_quotes_and_lines) {
  ck_assert_int_eq(READ("a,b\n\"x, \"\"y\"\"\",\"two\nlines\"\nnext,1\n"), 0);
  ck_assert_str_eq(flat, "1[a|b]2[x, \"y\"|two\nlines]4[next|1]");
  ck_assert_int_eq(READ("a,b\nO\"Brien, \"q\" \n"), 0);
  ck_assert_str_eq(flat, "1[a|b]2[O\"Brien|q]");
}
END_TEST

START_TEST(line_ends_of_every_system_and_a_missing_last_one) {
  ck_assert_int_eq(READ("a,b\r\n1,2\r\n\r\n3,4"), 0);
  ck_assert_str_eq(flat, "1[a|b]2[1|2]4[3|4]");
  ck_assert_int_eq(READ("a,b\r1,2\r3,4"), 0);
  ck_assert_str_eq(flat, "1[a|b]2[1|2]3[3|4]");
  ck_assert_int_eq(READ("a,b\n1,\n"), 0);
  ck_assert_str_eq(flat, "1[a|b]2[1|]");
}
END_TEST

START_TEST(bom_utf8_and_windows_1252_give_the_same_text) {
  ck_assert_int_eq(READ("\357\273\277tel\303\251fono,n\n1,Jos\303\251\n"), 0);
  ck_assert_str_eq(flat, "1[tel\303\251fono|n]2[1|Jos\303\251]");
  ck_assert_int_eq(READ("tel\351fono,n\n1,Jos\351 \200\n"), 0);
  ck_assert_str_eq(flat, "1[tel\303\251fono|n]2[1|Jos\303\251 \342\202\254]");
  ck_assert_int_eq(READ("a\n\300\200\n\355\240\200\n"), 0); /* overlong and surrogate: not UTF-8 */
  ck_assert_ptr_nonnull(strstr(flat, "\303\200"));
}
END_TEST

START_TEST(files_that_are_no_lists_are_named) {
  static const struct {
    const char *bytes;
    size_t n;
    const char *says;
  } V[] = {{"", 0, "empty"},
           {"PK\003\004\024\0\0\0", 8, "xlsx"},
           {"\320\317\021\340\241\261", 6, "xls"},
           {"\377\376p\0h\0o\0", 8, "UTF-16"},
           {"\376\377\0p\0h\0o", 8, "UTF-16"},
           {"p\0h\0o\0n\0e\0", 10, "UTF-16"},
           {"\037\213\010\0", 4, "gzip"},
           {"%PDF-1.7", 8, "PDF"},
           {"<html><body>", 12, "web page"},
           {"\177ELF\002\001", 6, "program"},
           {"phone\n1\0002\n", 10, "binary"},
           {"\001\002\003\004\005\006\007phone", 12, "binary"}};
  for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
    ck_assert_msg(read_all(V[i].bytes, V[i].n) == CAD_EFORMAT, "accepted %zu", i);
    ck_assert_msg(strstr(err, V[i].says) != NULL, "%zu: \"%s\" does not say %s", i, err, V[i].says);
  }
}
END_TEST

START_TEST(a_nul_byte_far_into_the_file_is_found_with_its_line) {
  char *big = malloc(200000);
  size_t n = 0;
  while (n < 100000) n += (size_t)sprintf(big + n, "%zu,x\n", n);
  big[n++] = 0;
  ck_assert_int_eq(read_all(big, n), CAD_EFORMAT);
  ck_assert_ptr_nonnull(strstr(err, "NUL"));
  free(big);
}
END_TEST

START_TEST(a_quote_that_never_closes_names_where_it_opened) {
  ck_assert_int_eq(READ("a,b\n1,2\n3,\"open\n4,5\n"), CAD_EFORMAT);
  ck_assert_ptr_nonnull(strstr(err, "line 3:"));
  ck_assert_ptr_nonnull(strstr(err, "quote"));
}
END_TEST

START_TEST(an_endless_line_is_refused_at_64_kilobytes) {
  size_t n = 1 << 20;
  char *big = malloc(n);
  memset(big, 'x', n);
  memcpy(big, "phone\n", 6);
  ck_assert_int_eq(read_all(big, n), CAD_EFORMAT);
  ck_assert_ptr_nonnull(strstr(err, "line 2 is longer than 64 kB"));
  memset(big + 6, ' ', n - 6);
  ck_assert_int_eq(read_all(big, n), CAD_EFORMAT);
  free(big);
}
END_TEST

START_TEST(more_columns_than_256_are_refused_however_they_are_made) {
  char row[2000];
  memset(row, ',', sizeof row);
  ck_assert_int_eq(read_all(row, sizeof row), CAD_EFORMAT);
  ck_assert_ptr_nonnull(strstr(err, "256 columns"));
  for (size_t i = 0; i < sizeof row; i++) row[i] = i % 3 == 2 ? ',' : '"';
  ck_assert_int_eq(read_all(row, sizeof row), CAD_EFORMAT);
  ck_assert_int_eq(read_all(row, 256 * 3 - 1), 0); /* 256 columns are good, and all of them are empty */
}
END_TEST

START_TEST(random_bytes_never_hurt) {
  unsigned seed = 12345;
  char bytes[4096];
  for (int round = 0; round < 400; round++) {
    for (size_t i = 0; i < sizeof bytes; i++) {
      seed = seed * 1103515245 + 12345;
      static const char SET[] = "\"\",;\n\r\t |=a1\303\251\377\001";
      bytes[i] = SET[(seed >> 16) % (sizeof SET - 1)];
    }
    bytes[0] = 'p';
    int r = read_all(bytes, sizeof bytes - (seed >> 24));
    ck_assert(r == 0 || r == CAD_EFORMAT);
  }
}
END_TEST

START_TEST(no_cell_leaves_as_a_formula) {
  static const char *const V[][2] = {{"plain", "plain"},
                                     {"=1+1", "\"'=1+1\""},
                                     {"+1", "\"'+1\""},
                                     {"-1", "\"'-1\""},
                                     {"@SUM(A1)", "\"'@SUM(A1)\""},
                                     {"\tx", "\"'\tx\""},
                                     {"  =1", "\"'  =1\""},
                                     {"a,b", "\"a,b\""},
                                     {"say \"hi\"", "\"say \"\"hi\"\"\""},
                                     {"", ""},
                                     {"a=1", "a=1"},
                                     {"\r=1", "\"'\r=1\""}};
  for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    csv_put(f, V[i][0]);
    fclose(f);
    ck_assert_str_eq(text, V[i][1]);
    free(text);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("csv");
  TCase *t = tcase_create("records");
  tcase_add_test(t, every_separator_is_found_from_the_header);
  tcase_add_test(t, quotes_hold_separators_quotes_and_lines);
  tcase_add_test(t, line_ends_of_every_system_and_a_missing_last_one);
  tcase_add_test(t, bom_utf8_and_windows_1252_give_the_same_text);
  tcase_add_test(t, files_that_are_no_lists_are_named);
  tcase_add_test(t, a_nul_byte_far_into_the_file_is_found_with_its_line);
  tcase_add_test(t, a_quote_that_never_closes_names_where_it_opened);
  tcase_add_test(t, an_endless_line_is_refused_at_64_kilobytes);
  tcase_add_test(t, more_columns_than_256_are_refused_however_they_are_made);
  tcase_add_test(t, random_bytes_never_hurt);
  tcase_add_test(t, no_cell_leaves_as_a_formula);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  free(flat);
  return failed != 0;
}
