#include <cadencia/err.h>
#include <campaigns/packs.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 256, PATH_MAX_BYTES = 512, CALENDAR_MAX_BYTES = 8 << 20 };

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Names in the folder with that ending, sorted; freed by the caller one by one. < 0: no such folder. */
static int names_of(const char *dir, const char *ending, char *names[FILES_MAX]) {
  DIR *d = opendir(dir);
  int n = 0;
  if (!d) return CAD_ENOENT;
  for (struct dirent *e; (e = readdir(d)) && n < FILES_MAX;) {
    size_t length = strlen(e->d_name), tail = strlen(ending);
    if (e->d_name[0] == '.' || length <= tail || strcmp(e->d_name + length - tail, ending) != 0) continue;
    names[n] = strdup(e->d_name);
    if (names[n]) n++;
  }
  closedir(d);
  qsort(names, (size_t)n, sizeof names[0], by_name);
  return n;
}

int packs_load(const char *dir, struct ruleset *out, FILE *err) {
  char *names[FILES_MAX], path[PATH_MAX_BYTES];
  int n = names_of(dir, ".conf", names), r = n < 0 ? n : CAD_OK;
  for (int i = 0; i < n; i++) {
    snprintf(path, sizeof path, "%s/%s", dir, names[i]);
    int said = pack_read(path, out, err);
    if (said < 0) r = said;
    free(names[i]);
  }
  return r;
}

int calendar_file(const char *path, struct calendar *out, FILE *err) {
  FILE *in = fopen(path, "rb");
  if (!in) {
    if (err) fprintf(err, "%s:1: the file cannot be read; look at its name and rights\n", path);
    return CAD_ENOENT;
  }
  char *text = malloc(CALENDAR_MAX_BYTES + 1);
  size_t bytes = text ? fread(text, 1, CALENDAR_MAX_BYTES, in) : 0;
  fclose(in);
  if (!text) return CAD_ENOMEM;
  text[bytes] = '\0';
  int line = 0, r = strlen(text) == bytes ? calendar_add(out, text, &line) : CAD_EFORMAT;
  free(text);
  if (r < 0 && err)
    fprintf(err,
            "%s:%d: a line must be \"2026-12-25,US,holiday,Christmas\", \"2026-08-28,US-LA,ban,Hurricane\" or "
            "\"covers,US,2026-01-01,2026-12-31\"\n",
            path, line);
  return r;
}

int calendars_load(const char *dir, bool regional, struct calendar *out, FILE *err) {
  char *names[FILES_MAX], path[PATH_MAX_BYTES];
  int n = names_of(dir, ".csv", names), r = n < 0 ? n : CAD_OK;
  for (int i = 0; i < n; i++) {
    snprintf(path, sizeof path, "%s/%s", dir, names[i]);
    int said = regional || !strchr(names[i], '-') ? calendar_file(path, out, err) : CAD_OK;
    if (said < 0) r = said;
    free(names[i]);
  }
  return r;
}
