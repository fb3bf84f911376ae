#include "dsp/model.h"
#include <math.h>

float model_machine(const float traits[TRAIT_COUNT]) {
  float sum = MODEL_BASE;
  for (int i = 0; i < MODEL_TREE_COUNT; i++) {
    const struct model_node *n = &MODEL_NODES[MODEL_TREES[i]];
    while (n->right) n += traits[n->trait] <= n->value ? 1 : n->right;
    sum += n->value;
  }
  return 1.0f / (1.0f + expf(-sum));
}
