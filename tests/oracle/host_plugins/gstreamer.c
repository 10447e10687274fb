/* libgstprobe.so: a plugin of GStreamer without elements. */
#define PACKAGE "probe"
#include <gst/gst.h>

static gboolean start(GstPlugin *plugin) { return TRUE; }
GST_PLUGIN_DEFINE(
    GST_VERSION_MAJOR, GST_VERSION_MINOR, probe, "nothing", start, "1", "LGPL", "probe", "probe")
