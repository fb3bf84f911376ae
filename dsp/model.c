#include "dsp/model.h"
#include <math.h>

float model_logit(const float traits[TRAIT_COUNT]) {
  float sum = MODEL_BASE;
  for (int i = 0; i < MODEL_TREE_COUNT; i++) {
    const struct model_node *n = &MODEL_NODES[MODEL_TREES[i]];
    while (n->right) n += traits[n->trait] <= n->value ? 1 : n->right;
    sum += n->value;
  }
  return sum;
}

float model_delay_logit(float delay_ms) {
  const struct model_delay *d = MODEL_DELAY;
  if (delay_ms <= d[0].ms) return d[0].logit;
  for (int i = 1; i < MODEL_DELAY_COUNT; i++)
    if (delay_ms < d[i].ms) return d[i - 1].logit + (d[i].logit - d[i - 1].logit) * (delay_ms - d[i - 1].ms) / (d[i].ms - d[i - 1].ms);
  return d[MODEL_DELAY_COUNT - 1].logit;
}

float model_probability(float logit) { return 1.0f / (1.0f + expf(-logit)); }
