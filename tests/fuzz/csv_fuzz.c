/* A list that somebody brings: records in bounds, columns found or refused, numbers possible or refused. */
#include "tests/fuzz/fuzz.h"
#include <cadencia/err.h>
#include <campaigns/intake.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void read_all(int fd) {
  char err[INTAKE_ERROR_MAX], reason[PHONE_REASON_MAX];
  static struct mapping mapping;
  static struct contact_row row;
  struct csv *csv;
  struct csv_record record;
  if (csv_create(fd, &csv, err) < 0) return;
  int mapped = CAD_ENOENT;
  for (int n = 0; n < 1000 && csv_next(csv, &record, err) == 1; n++) {
    if (record.count < 1 || record.count > CSV_FIELDS_MAX) __builtin_trap();
    uint64_t phone = 0;
    for (int i = 0; i < record.count; i++)
      if (phone_parse(record.fields[i], phone_home_find("US"), &phone, reason) == CAD_OK && (phone < 1000000 || phone > 999999999999999))
        __builtin_trap();
    if (n == 0)
      mapped = mapping_from_header(&record, NULL, &mapping, err);
    else if (mapped == CAD_OK)
      mapping_row(&mapping, &record, &row);
  }
  csv_destroy(csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int fd = memfd_create("list", MFD_CLOEXEC);
  if (fd < 0) return 0;
  if (size == 0 || write(fd, data, size) == (ssize_t)size) {
    lseek(fd, 0, SEEK_SET);
    read_all(fd);
  }
  close(fd);
  return 0;
}
