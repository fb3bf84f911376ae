/* err.h — the errors that cross room boundaries.
 *
 * Fallible functions return int: >= 0 is good, < 0 is one of these. Foreign
 * codes (errno, SQLite, Sofia) are translated where the library was called.
 * Thread: any. */
#ifndef CADENCIA_ERR_H
#define CADENCIA_ERR_H

enum cad_err {
  CAD_OK = 0,
  CAD_EINVAL = -1,    /* an argument or an input line is wrong */
  CAD_ENOMEM = -2,    /* memory could not be had at start-up */
  CAD_EFULL = -3,     /* a bound was reached: refuse new work, keep the rest */
  CAD_EMPTY = -4,     /* nothing there now */
  CAD_ENOENT = -5,    /* no such thing */
  CAD_EEXIST = -6,    /* the thing is there already */
  CAD_EIO = -7,       /* disk or descriptor */
  CAD_ENET = -8,      /* socket */
  CAD_EFORMAT = -9,   /* a file, packet or message is malformed */
  CAD_ESTALE = -10,   /* slot reused: the id names something that ended */
  CAD_EREFUSED = -11, /* the rules or the state say no */
  CAD_ETIMEOUT = -12,
  CAD_EBUSY = -13,    /* held by somebody else: lock, running daemon */
  CAD_EVERSION = -14, /* wire or schema version is not ours */
  CAD_ENOSUP = -15    /* known, but not supported */
};

/* Short lower-case name ("invalid", "full", ...). Never NULL. Source: err.c */
const char *err_name(int err);

#endif
