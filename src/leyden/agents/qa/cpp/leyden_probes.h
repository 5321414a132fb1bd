/* What the probes that Leyden puts into C and C++ sources call. Included before each file by -include. */
#ifndef LEYDEN_PROBES_H
#define LEYDEN_PROBES_H

#ifdef __cplusplus
extern "C" {
#define LEYDEN_INLINE inline constexpr
#define LEYDEN_CONSTANT __builtin_is_constant_evaluated()
#else
#define LEYDEN_INLINE static inline
#define LEYDEN_CONSTANT 0
#endif

#define LEYDEN_PROBES_MAX 65536
/* One byte a probe; which mutant is on, from 0; the line of the last throw. */
__attribute__((weak)) unsigned char leyden_no_hits[LEYDEN_PROBES_MAX];
__attribute__((weak)) unsigned char* leyden_hits = leyden_no_hits;
__attribute__((weak)) int leyden_mutant = -1;
__attribute__((weak)) int leyden_thrown = 0;

#ifdef __cplusplus
}
#endif

LEYDEN_INLINE void leyden_hit(int probe) {
  if (!LEYDEN_CONSTANT) leyden_hits[probe] = 1;
}
LEYDEN_INLINE int leyden_if(int taken, int yes, int no) {
  if (!LEYDEN_CONSTANT) leyden_hits[taken ? yes : no] = 1;
  return taken;
}
LEYDEN_INLINE void leyden_throws(int line) {
  if (!LEYDEN_CONSTANT) leyden_thrown = line;
}
LEYDEN_INLINE int leyden_is(int mutant) { return !LEYDEN_CONSTANT && leyden_mutant == mutant; }

/* In programs of others: LEYDEN_MUTANT says which mutant is on, LEYDEN_HITS where to add what was reached. */
#ifdef LEYDEN_RECORD
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void leyden_begin(void) {
  const char* const mutant = getenv("LEYDEN_MUTANT");
  if (mutant) leyden_mutant = atoi(mutant);
}
__attribute__((destructor)) static void leyden_end(void) {
  const char* const path = getenv("LEYDEN_HITS");
  /* leyden:ignore c.path-from-input Leyden itself names the file, inside the sandbox */
  FILE* const file = path ? fopen(path, "a") : NULL;
  if (!file) return;
  for (int i = 0; i < LEYDEN_PROBES_MAX; ++i) {
    if (leyden_hits[i]) fprintf(file, "%d\n", i);
  }
  fclose(file);
}
#endif

#endif
