/* probe_drv.so: a video driver of the X.Org server that finds no device. */
#include <xorg-server.h>
#include <xf86Module.h>

static XF86ModuleVersionInfo version = {
    "probe", MODULEVENDORSTRING, MODINFOSTRING1, MODINFOSTRING2, 12101000, 1, 0, 0,
    ABI_CLASS_VIDEODRV, ABI_VIDEODRV_VERSION, MOD_CLASS_VIDEODRV, {0, 0, 0, 0},
};
static void *setup(void *module, void *options, int *major, int *minor) { return NULL; }
_X_EXPORT XF86ModuleData probeModuleData = {&version, setup, NULL};
