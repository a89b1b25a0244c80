/* The few OpenBLAS entry points Plaudit calls, declared here so that the build does not depend
   on which of Debian's OpenBLAS header folders is selected. */
#ifndef PLAUDIT_COPENBLAS_H
#define PLAUDIT_COPENBLAS_H

enum { PK_ROW_MAJOR = 101, PK_NO_TRANSPOSE = 111, PK_TRANSPOSE = 112 };

void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
char *openblas_get_config(void);
char *openblas_get_corename(void);

#endif
