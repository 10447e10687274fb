/* probe.so: a file of LADSPA plugins that has none. */
#include <ladspa.h>

const LADSPA_Descriptor *ladspa_descriptor(unsigned long index) { return 0; }
