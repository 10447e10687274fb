/* probe.so: a plugin of MariaDB that does nothing. */
#define MYSQL_DYNAMIC_PLUGIN
#include <mysql/plugin.h>

static struct st_mysql_daemon kind = {MYSQL_DAEMON_INTERFACE_VERSION};
maria_declare_plugin(probe){
    MYSQL_DAEMON_PLUGIN, &kind, "probe", "nobody", "nothing", PLUGIN_LICENSE_BSD, 0, 0, 0x0100,
    0, 0, "1.0", MariaDB_PLUGIN_MATURITY_STABLE,
} maria_declare_plugin_end;
