/* probe.so: an extension of SQLite that does nothing. */
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

int sqlite3_probe_init(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
    SQLITE_EXTENSION_INIT2(api);
    return sqlite3_libversion_number() < 3008000;
}
