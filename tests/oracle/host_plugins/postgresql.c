/* probe.so: a module of PostgreSQL with one function. */
#include "postgres.h"
#include "fmgr.h"

PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(probe);
Datum probe(PG_FUNCTION_ARGS) { PG_RETURN_INT32(1); }
void _PG_init(void) {}
