#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#include <curl/curl.h>

/*
 * Swift calls no variadic function. Here is one wrapper per kind of argument; the caller pairs option
 * and kind as curl_easy_setopt(3) says. The names stand in parentheses because curl.h may shadow them
 * with macros that want constant options.
 */

/* CURLOPTTYPE_LONG and CURLOPTTYPE_VALUES. */
static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return (curl_easy_setopt)(easy, option, value);
}

/* CURLOPTTYPE_OFF_T. */
static inline CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return (curl_easy_setopt)(easy, option, value);
}

/* CURLOPTTYPE_STRINGPOINT; copied by libcurl. */
static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
    return (curl_easy_setopt)(easy, option, value);
}

/* CURLOPTTYPE_OBJECTPOINT and CURLOPTTYPE_CBPOINT; not copied: it outlives the transfer. */
static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return (curl_easy_setopt)(easy, option, value);
}

/* CURLOPTTYPE_SLISTPOINT; not copied. */
static inline CURLcode ccurl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return (curl_easy_setopt)(easy, option, value);
}

/* CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION. */
static inline CURLcode ccurl_set_callback_write(CURL *easy, CURLoption option,
                                                curl_write_callback value) {
    return (curl_easy_setopt)(easy, option, value);
}

/* CURLOPT_XFERINFOFUNCTION. */
static inline CURLcode ccurl_set_callback_progress(CURL *easy, CURLoption option,
                                                   curl_xferinfo_callback value) {
    return (curl_easy_setopt)(easy, option, value);
}

/* CURLOPT_PREREQFUNCTION. */
static inline CURLcode ccurl_set_callback_prerequest(CURL *easy, CURLoption option,
                                                     curl_prereq_callback value) {
    return (curl_easy_setopt)(easy, option, value);
}

/* CURLINFO_LONG. */
static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
    return (curl_easy_getinfo)(easy, info, value);
}

/* Options of a multi handle that are numbers. */
static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (curl_multi_setopt)(multi, option, value);
}

/* Once per process; further calls do nothing but count. */
static inline CURLcode ccurl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

/* Goes on with a paused transfer; the write function may be called before it returns. */
static inline CURLcode ccurl_continue(CURL *easy) { return curl_easy_pause(easy, CURLPAUSE_CONT); }

#endif
