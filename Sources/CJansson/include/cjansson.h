#ifndef PLAUDIT_CJANSSON_H
#define PLAUDIT_CJANSSON_H
#include <jansson.h>
#endif
