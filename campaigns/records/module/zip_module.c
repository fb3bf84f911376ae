/* cadencia-zip.so: a zip as a stream, by libarchive. */
#include "campaigns/records/zip_lib.h"
#include <archive.h>
#include <archive_entry.h>
#include <cadencia/err.h>
#include <stdbool.h>
#include <string.h>

static void *create(int fd) {
  struct archive *zip = archive_write_new();
  bool good = zip && archive_write_set_format_zip(zip) == ARCHIVE_OK;
  if (good) (void)archive_write_set_format_option(zip, "zip", "compression-level", "1"); /* older ones have no levels */
  if (good && archive_write_open_fd(zip, fd) == ARCHIVE_OK) return zip;
  if (zip) archive_write_free(zip);
  return NULL;
}

static int open_file(void *zip, const char *name, time_t when) {
  struct archive_entry *e = archive_entry_new();
  if (!e) return CAD_ENOMEM;
  archive_entry_set_pathname(e, name);
  archive_entry_set_filetype(e, AE_IFREG);
  archive_entry_set_perm(e, 0644);
  archive_entry_set_mtime(e, when, 0);
  int r = archive_write_header(zip, e);
  archive_entry_free(e);
  return r == ARCHIVE_OK ? CAD_OK : CAD_EIO;
}

static int write_some(void *zip, const void *bytes, size_t n) {
  return n == 0 || archive_write_data(zip, bytes, n) == (la_ssize_t)n ? CAD_OK : CAD_EIO;
}

static int end_file(void *zip) { return archive_write_finish_entry(zip) == ARCHIVE_OK ? CAD_OK : CAD_EIO; }
static int finish(void *zip) { return archive_write_close(zip) == ARCHIVE_OK ? CAD_OK : CAD_EIO; }

static void destroy(void *zip) {
  if (zip) archive_write_free(zip);
}

static int read_one(const char *path, const char *name, char *out, size_t room) {
  struct archive *a = archive_read_new();
  struct archive_entry *e;
  int r = CAD_ENOENT;
  if (!a) return CAD_ENOMEM;
  archive_read_support_format_zip(a);
  if (archive_read_open_filename(a, path, 65536) != ARCHIVE_OK) r = CAD_EFORMAT;
  while (r == CAD_ENOENT && archive_read_next_header(a, &e) == ARCHIVE_OK) {
    if (strcmp(archive_entry_pathname(e) ? archive_entry_pathname(e) : "", name) != 0) continue;
    la_ssize_t n = archive_read_data(a, out, room);
    r = n < 0 ? CAD_EFORMAT : (size_t)n >= room ? CAD_EFULL : CAD_OK;
    if (r == CAD_OK) out[n] = '\0';
  }
  archive_read_free(a);
  return r;
}

const struct zip_lib cadencia_zip = {create, open_file, write_some, end_file, finish, destroy, read_one};
