/* doctor.h — what a look at the database tells about its health. Reads only. Thread: the caller's. Source: records/doctor.c */
#ifndef CAMPAIGNS_DOCTOR_H
#define CAMPAIGNS_DOCTOR_H

struct doctor_line {
  const char *what, *advice;
  int state; /* 0 well, 1 warning, 2 fault */
  char found[200];
};
/* CAD_EIO, CAD_EFORMAT when it cannot be read at all. */
int doctor_database(const char *db_path, int (*fn)(void *arg, const struct doctor_line *l), void *arg);

#endif
