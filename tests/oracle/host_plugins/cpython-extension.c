/* probe.cpython-311-….so: an extension module of CPython with one function. */
#include <Python.h>

static PyObject *nothing(PyObject *self, PyObject *arguments) { return arguments; }
static PyMethodDef methods[] = {{"nothing", nothing, METH_NOARGS, NULL}, {NULL}};
static PyModuleDef_Slot slots[] = {{0, NULL}};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "probe", NULL, 0, methods, slots};
PyMODINIT_FUNC PyInit_probe(void) { return PyModuleDef_Init(&definition); }
