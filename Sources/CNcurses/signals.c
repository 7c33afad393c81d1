#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#ifdef __APPLE__
#define _DARWIN_C_SOURCE 1
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cncurses.h"

static const int end_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int other_signals[] = {SIGTSTP, SIGCONT, SIGWINCH};
static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SIGNAL_LIMIT 65

static struct {
    int is_installed;
    int ends[2]; /* reading, writing */
    struct sigaction previous[SIGNAL_LIMIT];
    atomic_int pending_ends; /* came to end the program, not yet taken */
    atomic_int urgent_ends;  /* of these, those that a person or a supervisor sent on purpose */
    atomic_int is_outside;
} state = {.ends = {-1, -1}};

static int ends_program(int number) {
    return number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT;
}

/* What was there before takes over: the default action, or a reporter of crashes. */
static void hand_on(int number, int is_from_outside) {
    cncurses_restore();
    struct sigaction action = state.previous[number];
    /* A reporter returns and has the failed instruction fail once more; where another process sent
       the signal none failed, and the program would go on. */
    if (action.sa_handler == SIG_IGN || is_from_outside) {
        memset(&action, 0, sizeof action);
        action.sa_handler = SIG_DFL;
    }
    sigaction(number, &action, NULL);
    /* Blocked here; it comes as soon as this handler returns. */
    raise(number);
}

static void on_crash(int number, siginfo_t *information, void *context) {
    (void)context;
    hand_on(number, information->si_code == SI_USER);
}

static void on_signal(int number) {
    int error = errno;
    if (ends_program(number)) {
        if (atomic_load(&state.is_outside) && (number == SIGINT || number == SIGQUIT)) return;
        /* The loop did not even take the first one: it hangs. A terminal that goes away sends HUP
           more than once, so that does not count. */
        if (number != SIGHUP && atomic_fetch_add(&state.urgent_ends, 1) > 0) {
            hand_on(number, 0);
            errno = error;
            return;
        }
        atomic_fetch_add(&state.pending_ends, 1);
    }
    unsigned char byte = (unsigned char)number;
    /* A full pipe wakes the loop as well. */
    ssize_t written = write(state.ends[1], &byte, 1);
    (void)written;
    errno = error;
}

static void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigfillset(&action.sa_mask);
    sigaction(number, &action, &state.previous[number]);
}

static sigset_t keyboard_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < COUNT(end_signals); i++) sigaddset(&set, end_signals[i]);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGWINCH);
    return set;
}

int cncurses_signals_install(void) {
    if (state.is_installed) return state.ends[0];
    if (state.ends[0] < 0) {
        if (pipe(state.ends) != 0) return -1;
        for (int i = 0; i < 2; i++) {
            fcntl(state.ends[i], F_SETFD, FD_CLOEXEC);
            fcntl(state.ends[i], F_SETFL, O_NONBLOCK);
        }
    }
    sigset_t set = keyboard_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    /* A handler on whatever thread wakes the loop through the pipe; other threads' system calls go
       on. */
    for (size_t i = 0; i < COUNT(end_signals); i++) handle(end_signals[i], on_signal, SA_RESTART);
    for (size_t i = 0; i < COUNT(other_signals); i++) handle(other_signals[i], on_signal, SA_RESTART);
    struct sigaction crash;
    memset(&crash, 0, sizeof crash);
    crash.sa_sigaction = on_crash;
    crash.sa_flags = SA_ONSTACK | SA_SIGINFO;
    sigfillset(&crash.sa_mask);
    for (size_t i = 0; i < COUNT(crash_signals); i++)
        sigaction(crash_signals[i], &crash, &state.previous[crash_signals[i]]);
    state.is_installed = 1;
    return state.ends[0];
}

int cncurses_signals_descriptor(void) { return state.is_installed ? state.ends[0] : -1; }

/* The calling thread survives its own stack's overflow long enough to restore the terminal. */
static void guard_stack(void) {
    const size_t size = 64 * 1024;
    stack_t stack;
    if (sigaltstack(NULL, &stack) == 0 && ((stack.ss_flags & SS_DISABLE) || stack.ss_size < size)) {
        memset(&stack, 0, sizeof stack);
        stack.ss_sp = malloc(size); /* as long as the thread lives */
        stack.ss_size = size;
        if (stack.ss_sp != NULL && sigaltstack(&stack, NULL) != 0) free(stack.ss_sp);
    }
}

void cncurses_signals_own(void) {
    if (!state.is_installed) return;
    guard_stack();
    sigset_t set = keyboard_signals();
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int cncurses_signals_next(void) {
    unsigned char byte = 0;
    if (state.ends[0] < 0 || read(state.ends[0], &byte, 1) != 1) return 0;
    if (ends_program(byte)) {
        atomic_fetch_sub(&state.pending_ends, 1);
        if (byte != SIGHUP) atomic_store(&state.urgent_ends, 0);
    }
    return byte;
}

int cncurses_signals_end_is_near(void) { return atomic_load(&state.pending_ends) > 0; }

static void default_unless_ignored(int number, struct sigaction *kept) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    int is_ignored = state.is_installed && state.previous[number].sa_handler == SIG_IGN;
    action.sa_handler = is_ignored ? SIG_IGN : SIG_DFL;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, kept);
}

void cncurses_signals_stop(void) {
    struct sigaction stop, proceed;
    sigset_t set, kept;
    default_unless_ignored(SIGTSTP, &stop);
    default_unless_ignored(SIGCONT, &proceed);
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &set, &kept);
    raise(SIGTSTP);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    sigaction(SIGTSTP, &stop, NULL);
    sigaction(SIGCONT, &proceed, NULL);
}

void cncurses_signals_outside(int is_outside) {
    static struct sigaction stop, proceed;
    if (atomic_exchange(&state.is_outside, is_outside) == is_outside) return;
    /* A stop from the keyboard stops the other program and this one together. */
    if (is_outside) {
        default_unless_ignored(SIGTSTP, &stop);
        default_unless_ignored(SIGCONT, &proceed);
    } else {
        sigaction(SIGTSTP, &stop, NULL);
        sigaction(SIGCONT, &proceed, NULL);
    }
}

extern char **environ;

int cncurses_run(const char *const *arguments) {
    posix_spawnattr_t attributes;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0) return -error;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigfillset(&defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t process;
    error = posix_spawnp(&process, arguments[0], NULL, &attributes, (char *const *)arguments, environ);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) return -error;
    int status = 0;
    while (waitpid(process, &status, 0) < 0) {
        if (errno != EINTR) return -errno;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void cncurses_signals_remove(void) {
    if (!state.is_installed) return;
    for (size_t i = 0; i < COUNT(end_signals); i++)
        sigaction(end_signals[i], &state.previous[end_signals[i]], NULL);
    for (size_t i = 0; i < COUNT(other_signals); i++)
        sigaction(other_signals[i], &state.previous[other_signals[i]], NULL);
    for (size_t i = 0; i < COUNT(crash_signals); i++)
        sigaction(crash_signals[i], &state.previous[crash_signals[i]], NULL);
    while (cncurses_signals_next() != 0) {}
    state.is_installed = 0;
}
