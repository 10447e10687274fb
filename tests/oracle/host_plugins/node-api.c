/* probe.node: an addon of Node.js that exports nothing. */
#include <node_api.h>

NAPI_MODULE_INIT() { return exports; }
