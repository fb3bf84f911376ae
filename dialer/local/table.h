/* table.h — rows of text with aligned columns, for people. Owner: the command. Source: table.c */
#ifndef CADENCIA_TABLE_H
#define CADENCIA_TABLE_H

#include <stdio.h>

struct table;
enum { TABLE_COLUMNS_MAX = 16 };
/* heads: one word a column, NULL-terminated; a leading '>' aligns right. */
struct table *table_create(const char *const *heads);
struct table *table_destroy(struct table *t);
/* The next cell, left to right, row by row. */
void table_put(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* With the heads above; nothing but the line `empty` when there is no row. */
void table_print(const struct table *t, FILE *out, const char *empty);

#endif
