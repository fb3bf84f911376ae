/* heap.h — how malloc keeps what it has, the same in every process of ours. Called first in main. Source: heap.c */
#ifndef CADENCIA_HEAP_H
#define CADENCIA_HEAP_H

void heap_keep(void);

#endif
