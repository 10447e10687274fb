/* probe.so: a module of Lua 5.1 that is an empty table. */
#include <lua.h>

int luaopen_probe(lua_State *state) {
    lua_createtable(state, 0, 0);
    return 1;
}
