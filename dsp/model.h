/* model.h — the learned part: how much the traits of a call sound like a machine.
 *
 * Boosted trees, and apart from them what the delay of the first word says; the tables in model_table.c are written
 * by tools/train/train.py and say how. Pure. Thread: any. */
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
/* What a first word after so long adds: straight between the points, flat outside. */
struct model_delay {
  float ms, logit;
};
extern const struct model_delay MODEL_DELAY[];
extern const int MODEL_DELAY_COUNT;

/* Log-odds of a machine by what is heard; 0: as likely as not. */
float model_logit(const float traits[TRAIT_COUNT]);
/* What to add for the delay between the answer and the first word. Bounded on purpose: lines differ. */
float model_delay_logit(float delay_ms);
/* Log-odds to probability: 0 surely a person ... 1 surely a machine. */
float model_probability(float logit);

#endif
