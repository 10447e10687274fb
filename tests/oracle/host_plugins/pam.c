/* pam_probe.so: a module of Linux-PAM that lets nobody in. */
#include <security/pam_modules.h>

int pam_sm_authenticate(pam_handle_t *handle, int flags, int argc, const char **argv) {
    return PAM_AUTH_ERR;
}
int pam_sm_setcred(pam_handle_t *handle, int flags, int argc, const char **argv) {
    return PAM_CRED_ERR;
}
