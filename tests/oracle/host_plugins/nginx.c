/* ngx_probe_module.so: a core module of nginx that does nothing. */
#include <ngx_config.h>
#include <ngx_core.h>

/* That of the host in the contract; the headers' own follows from how they were configured here. */
#undef NGX_MODULE_SIGNATURE
#define NGX_MODULE_SIGNATURE "8,4,8,0011111111010111001111111111111111"

static char *set(ngx_conf_t *conf, ngx_command_t *command, void *target) { return NULL; }
static ngx_command_t commands[] = {
    {ngx_string("probe"), NGX_MAIN_CONF | NGX_CONF_FLAG, set, 0, 0, NULL}, ngx_null_command,
};
ngx_module_t ngx_probe_module = {
    NGX_MODULE_V1, NULL, commands, NGX_CORE_MODULE, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NGX_MODULE_V1_PADDING,
};
ngx_module_t *ngx_modules[] = {&ngx_probe_module, NULL};
char *ngx_module_names[] = {"ngx_probe_module", NULL};
char *ngx_module_order[] = {NULL};
