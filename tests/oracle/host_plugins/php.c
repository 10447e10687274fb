/* probe.so: an extension of PHP and of its engine, without functions. */
#include "php.h"
#include "zend_extensions.h"

static PHP_MINIT_FUNCTION(probe) { return SUCCESS; }
zend_module_entry probe_module_entry = {
    STANDARD_MODULE_HEADER, "probe", NULL, PHP_MINIT(probe), NULL, NULL, NULL, NULL, "1",
    STANDARD_MODULE_PROPERTIES,
};
ZEND_GET_MODULE(probe)

ZEND_DLEXPORT zend_extension zend_extension_entry = {
    "probe", "1", "nobody", "", "",
};
ZEND_DLEXPORT zend_extension_version_info extension_version_info = {
    ZEND_EXTENSION_API_NO, ZEND_EXTENSION_BUILD_ID,
};
