/* libnss_probe.so.2: a service of the name service switch that knows nobody. */
#include <grp.h>
#include <netdb.h>
#include <nss.h>
#include <pwd.h>

enum nss_status _nss_probe_getpwnam_r(
    const char *name, struct passwd *result, char *buffer, size_t size, int *error) {
    return NSS_STATUS_NOTFOUND;
}
enum nss_status _nss_probe_getgrgid_r(
    gid_t gid, struct group *result, char *buffer, size_t size, int *error) {
    return NSS_STATUS_NOTFOUND;
}
enum nss_status _nss_probe_gethostbyname_r(
    const char *name, struct hostent *result, char *buffer, size_t size, int *error, int *host) {
    return NSS_STATUS_NOTFOUND;
}
