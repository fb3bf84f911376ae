#include "dialer/sim/csv_line.h"
#include <cadencia/err.h>
#include <string.h>

static char *cut(char *p) {
  while (*p == ' ' || *p == '\t') p++;
  size_t n = strlen(p);
  while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t')) p[--n] = 0;
  return p;
}

int csv_line_split(char *line, char *fields[CSV_LINE_FIELDS_MAX]) {
  line[strcspn(line, "\r\n")] = 0;
  if (*cut(line) == 0) return 0;
  int count = 0;
  char *p = line;
  while (1) {
    if (count == CSV_LINE_FIELDS_MAX) return CAD_EFORMAT;
    while (*p == ' ' || *p == '\t') p++;
    if (*p != '"') {
      size_t n = strcspn(p, ",");
      char end = p[n];
      p[n] = 0;
      fields[count++] = cut(p);
      if (end == 0) return count;
      p += n + 1;
      continue;
    }
    char *to = ++p;
    fields[count++] = to;
    while (*p != 0 && (*p != '"' || p[1] == '"')) {
      if (*p == '"') p++;
      *to++ = *p++;
    }
    if (*p == 0) return CAD_EFORMAT;
    p++;
    p += strspn(p, " \t");
    char end = *p;
    *to = 0;
    if (end == 0) return count;
    if (end != ',') return CAD_EFORMAT;
    p++;
  }
}
