/* zip_lib.h — libarchive behind a module: only who writes or reads a bundle loads it and all that comes with it (libxml2, ICU, six
 * compressors). Source: module/zip_module.c (libexec/cadencia/cadencia-zip.so), loaded by bundle.c */
#ifndef RECORDS_ZIP_LIB_H
#define RECORDS_ZIP_LIB_H

#include <stddef.h>
#include <time.h>

#define ZIP_MODULE "cadencia-zip.so"
#define ZIP_SYMBOL "cadencia_zip"
/* One zip at a time and thread; several threads may each have one. */
struct zip_lib {
  void *(*create)(int fd);                                    /* a stream into fd, which stays the caller's; NULL: CAD_EIO */
  int (*open_file)(void *zip, const char *name, time_t when); /* CAD_OK, CAD_ENOMEM, CAD_EIO, as those that follow */
  int (*write)(void *zip, const void *bytes, size_t n);
  int (*end_file)(void *zip);
  int (*finish)(void *zip);   /* everything is in fd */
  void (*destroy)(void *zip); /* takes NULL */
  /* The text of one file, NUL at its end: CAD_ENOENT, CAD_EFORMAT, CAD_EFULL (longer), CAD_ENOMEM. */
  int (*read)(const char *path, const char *name, char *out, size_t room);
};
extern const struct zip_lib cadencia_zip;

#endif
