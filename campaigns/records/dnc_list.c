/* Lists that are loaded as files: public registries, replaced whole, and lists of our own, kept for ever. */
#include "store_internal.h"
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int64_t store_dnc_list_write(uint64_t *numbers, size_t n, const char *path) { return number_set_write(numbers, n, path); }

int store_dnc_list_folder(struct store *s, char out[512]) {
  if (!s->lists_dir[0]) return CAD_ENOSUP;
  if (mkdir(s->lists_dir, 0700) != 0 && errno != EEXIST) return CAD_EIO;
  snprintf(out, 512, "%s", s->lists_dir);
  return CAD_OK;
}

static bool name_good(const char *name) {
  size_t n = strlen(name);
  return n >= 2 && n < RULE_LIST_NAME_MAX && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == n;
}

static struct loaded_list *list_of(struct store *s, const char *name) {
  for (int i = 0; i < s->loaded_count; i++)
    if (s->loaded[i].registry && strcmp(s->loaded[i].name, name) == 0) return &s->loaded[i];
  return NULL;
}

static int count_kind(const struct store *s, bool registry) {
  int n = 0;
  for (int i = 0; i < s->loaded_count; i++) n += s->loaded[i].registry == registry;
  return n;
}

static int put_row(struct store *s, const struct dnc_list *l, const struct loaded_list *made) {
  int err =
      l->registry ? db_run(&s->db, Q_DNC_LIST_OLD, "UPDATE dnc_list SET current=0 WHERE name=? AND registry=1", "t", l->name) : CAD_OK;
  return err < 0 ? err
                 : db_run(&s->db, Q_DNC_LIST_PUT, "INSERT INTO dnc_list VALUES(?,?,?,?,?,?,?,?,?,?,?,?,1)", "utduuttiiuut", l->id, l->name,
                          (int)l->registry, made->seller, made->campaign, l->file, l->hash, l->as_of.ms, l->loaded.ms, l->numbers,
                          l->rejected, made->file);
}

int store_dnc_list_adopt(struct store *s, struct dnc_list *l, const char *set_path) {
  struct loaded_list made = {.registry = l->registry, .as_of = l->as_of}, *old = NULL;
  char path[600];
  if (s->reader || s->db.in_tx) return CAD_EREFUSED;
  if (!name_good(l->name) || l->as_of.ms <= 0) return CAD_EINVAL;
  int err = l->registry ? CAD_OK : dnc_scope_parse(s, l->scope, &made.seller, &made.campaign);
  if (err < 0) return err;
  if (l->registry) old = list_of(s, l->name);
  if (!old && count_kind(s, l->registry) == (l->registry ? (int)DNC_REGISTRIES_MAX : (int)DNC_OWN_LISTS_MAX)) return CAD_EFULL;
  l->id = store_id(s, WALL_NONE);
  l->loaded = store_now(s);
  snprintf(made.name, sizeof made.name, "%s", l->name);
  snprintf(made.file, sizeof made.file, "%s-%llu.set", l->name, (unsigned long long)l->id);
  snprintf(path, sizeof path, "%s/%s", s->lists_dir, made.file);
  if (rename(set_path, path) != 0) return CAD_EIO;
  if ((err = number_set_open(path, &made.set)) < 0) return err;
  l->numbers = number_set_count(made.set);
  bool own;
  if ((err = store_enter(s, &own)) >= 0) err = store_leave(s, own, put_row(s, l, &made));
  if (err < 0) {
    number_set_close(made.set);
    (void)unlink(path);
    return err;
  }
  if (old) {
    snprintf(path, sizeof path, "%s/%s", s->lists_dir, old->file);
    (void)unlink(path);
    number_set_close(old->set);
    *old = made;
  } else {
    s->loaded[s->loaded_count++] = made;
  }
  l->current = true;
  return CAD_OK;
}

/* Set files that no row names: a load that was never finished, a registry that was replaced. */
static void sweep(struct store *s) {
  DIR *d = opendir(s->lists_dir);
  for (struct dirent *e; d && (e = readdir(d));) {
    bool ours = strstr(e->d_name, ".set") != NULL, named = false;
    for (int i = 0; i < s->loaded_count; i++) named |= strcmp(s->loaded[i].file, e->d_name) == 0;
    char path[600];
    if (!ours || named || (size_t)snprintf(path, sizeof path, "%s/%s", s->lists_dir, e->d_name) >= sizeof path) continue;
    (void)unlink(path);
  }
  if (d) closedir(d);
}

int dnc_lists_load(struct store *s, FILE *err) {
  sqlite3_stmt *q = db_query(&s->db, Q_DNC_LIST_CURRENT,
                             "SELECT name, registry, seller, campaign, as_of, set_file FROM dnc_list WHERE current=1 ORDER BY id", "");
  int r;
  while ((r = db_step(&s->db, q)) > 0) {
    struct loaded_list l = {.registry = col_u64(q, 1) != 0, .seller = col_u64(q, 2), .campaign = col_u64(q, 3), .as_of = col_wall(q, 4)};
    char path[600];
    col_text(q, 0, l.name, sizeof l.name);
    col_text(q, 5, l.file, sizeof l.file);
    snprintf(path, sizeof path, "%s/%s", s->lists_dir, l.file);
    int e = s->loaded_count == (int)(DNC_REGISTRIES_MAX + DNC_OWN_LISTS_MAX) ? CAD_EFULL : number_set_open(path, &l.set);
    if (e < 0) { /* a list that cannot be read must not be taken for an empty one */
      if (err) fprintf(err, "%s: this do-not-call list cannot be read (%s); put the file back from a backup\n", path, err_name(e));
      r = e;
      break;
    }
    s->loaded[s->loaded_count++] = l;
  }
  db_done(q);
  if (r >= 0 && s->lists_dir[0]) sweep(s);
  return r;
}

void dnc_lists_free(struct store *s) {
  for (int i = 0; i < s->loaded_count; i++) number_set_close(s->loaded[i].set);
  s->loaded_count = 0;
}

bool dnc_lists_have(const struct store *s, uint64_t phone, uint64_t seller, uint64_t campaign) {
  for (int i = 0; i < s->loaded_count; i++) {
    const struct loaded_list *l = &s->loaded[i];
    if (l->registry || (l->seller && l->seller != seller) || (l->campaign && l->campaign != campaign)) continue;
    if (number_set_has(l->set, phone)) return true;
  }
  return false;
}

int store_registries(struct store *s, uint64_t phone, struct gate_registry out[GATE_REGISTRIES_MAX]) {
  int n = 0;
  for (int i = 0; i < s->loaded_count && n < GATE_REGISTRIES_MAX; i++) {
    const struct loaded_list *l = &s->loaded[i];
    if (!l->registry) continue;
    out[n] = (struct gate_registry){.as_of = l->as_of, .listed = phone != 0 && number_set_has(l->set, phone)};
    snprintf(out[n].name, sizeof out[n].name, "%s", l->name);
    n++;
  }
  return n;
}

int store_dnc_list_each(struct store *s, int (*row)(void *arg, const struct dnc_list *l), void *arg) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_DNC_LIST_ALL,
               "SELECT l.id, l.name, l.registry, CASE WHEN l.campaign<>0 THEN 'campaign:'||ifnull(c.name,'?') WHEN l.seller<>0 THEN"
               " 'seller:'||ifnull(s.name,'?') ELSE 'global' END, l.file, l.hash, l.as_of, l.loaded, l.numbers, l.rejected, l.current"
               " FROM dnc_list l LEFT JOIN campaign c ON c.id=l.campaign LEFT JOIN seller s ON s.id=l.seller ORDER BY l.id",
               "");
  int r, said = CAD_OK;
  while (said >= 0 && (r = db_step(&s->db, q)) > 0) {
    struct dnc_list l = {.id = col_u64(q, 0), .registry = col_u64(q, 2) != 0, .as_of = col_wall(q, 6), .loaded = col_wall(q, 7)};
    col_text(q, 1, l.name, sizeof l.name);
    col_text(q, 3, l.scope, sizeof l.scope);
    col_text(q, 4, l.file, sizeof l.file);
    col_text(q, 5, l.hash, sizeof l.hash);
    l.numbers = col_u64(q, 8), l.rejected = col_u64(q, 9), l.current = col_u64(q, 10) != 0;
    said = row(arg, &l);
  }
  db_done(q);
  return said < 0 ? said : r < 0 ? r : CAD_OK;
}
