/* csv_line.h — one line of a CSV file of the rehearsal, split in place. Source: csv_line.c */
#ifndef CADENCIA_SIM_CSV_LINE_H
#define CADENCIA_SIM_CSV_LINE_H

enum { CSV_LINE_FIELDS_MAX = 32 };
/* Fields (blanks around them cut, quotes undone) in fields[]; 0: an empty line; CAD_EFORMAT: too
 * many fields or an open quote. */
int csv_line_split(char *line, char *fields[CSV_LINE_FIELDS_MAX]);

#endif
