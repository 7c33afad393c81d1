internal import Foundation

extension Thread {
    /// Starts a thread that gets no signals: they belong to the program's own threads.
    func startWithoutSignals() {
        // A new thread takes over what is blocked. The sets are never made by `sigset_t()`, which
        // another C module may claim to own.
        withUnsafeTemporaryAllocation(of: sigset_t.self, capacity: 2) { sets in
            guard let all = sets.baseAddress else { return }
            let before = all + 1
            sigfillset(all)
            pthread_sigmask(SIG_SETMASK, all, before)
            start()
            pthread_sigmask(SIG_SETMASK, before, nil)
        }
    }
}
