/* on_store.h — runs what an import asks of the store at once, in a transaction where it wants one. */
#ifndef TESTS_INTAKE_ON_STORE_H
#define TESTS_INTAKE_ON_STORE_H

#include <campaigns/store.h>
#include <check.h>
#include <stdbool.h>

static inline int run_on_store(struct store *store, int (*fn)(struct store *, void *), void *arg, bool tx) {
  if (!tx) return fn(store, arg);
  ck_assert_int_ge(store_begin(store), 0);
  int r = fn(store, arg);
  if (r < 0)
    store_rollback(store);
  else
    ck_assert_int_ge(store_commit(store), 0);
  return r;
}

#endif
