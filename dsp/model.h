/* model.h — the learned part: how much the traits of a call sound like a machine.
 *
 * Boosted trees; the tables in model_table.c are written by tools/train/train.py and say how.
 * Pure. Thread: any. */
#ifndef DSP_MODEL_H
#define DSP_MODEL_H

#include "dsp/traits.h"

/* A tree is its nodes in depth-first order: the left child follows its parent. */
struct model_node {
  float value;    /* threshold: at most this goes left; in a leaf what it adds */
  uint16_t right; /* steps from here to the right child; 0: a leaf */
  uint16_t trait;
};
extern const struct model_node MODEL_NODES[];
extern const uint32_t MODEL_TREES[]; /* first node of each tree */
extern const int MODEL_TREE_COUNT;
extern const float MODEL_BASE;

/* 0 surely a person ... 1 surely a machine. */
float model_machine(const float traits[TRAIT_COUNT]);

#endif
