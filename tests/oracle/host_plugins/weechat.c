/* probe.so: a plugin of WeeChat that does nothing. */
#include <weechat/weechat-plugin.h>

WEECHAT_PLUGIN_NAME("probe")
WEECHAT_PLUGIN_AUTHOR("nobody")
WEECHAT_PLUGIN_DESCRIPTION("nothing")
WEECHAT_PLUGIN_VERSION("1")
WEECHAT_PLUGIN_LICENSE("GPL3")
WEECHAT_PLUGIN_PRIORITY(1000)

int weechat_plugin_init(struct t_weechat_plugin *plugin, int argc, char *argv[]) {
    return plugin->initialized;
}
int weechat_plugin_end(struct t_weechat_plugin *plugin) { return WEECHAT_RC_OK; }
