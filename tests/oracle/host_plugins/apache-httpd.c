/* mod_probe.so: a module of Apache httpd that does nothing. */
#include <httpd.h>
#include <http_config.h>

static const char *set(cmd_parms *parameters, void *configuration, const char *argument) { return 0; }
static const command_rec commands[] = {AP_INIT_TAKE1("Probe", set, 0, RSRC_CONF, "one word"), {0}};
static void register_hooks(apr_pool_t *pool) {}

module AP_MODULE_DECLARE_DATA probe_module = {
    STANDARD20_MODULE_STUFF, 0, 0, 0, 0, commands, register_hooks,
};
