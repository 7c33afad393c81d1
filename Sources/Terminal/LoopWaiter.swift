internal import Foundation

/// What woke the loop.
struct Wakeup: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    static let input = Wakeup(rawValue: 1)
    static let mail = Wakeup(rawValue: 2)
    static let signal = Wakeup(rawValue: 4)
}

/// The loop's clock and its sleep; tests have their own.
protocol LoopWaiter {
    var now: ContinuousClock.Instant { get }

    /// Sleeps until one of the descriptors is readable or the deadline has passed; without a
    /// deadline as long as it takes. Waking for no reason is allowed.
    ///
    /// - Parameter input: nil when the terminal is gone.
    func wait(
        input: Int32?, mail: Int32, signal: Int32?, until deadline: ContinuousClock.Instant?
    ) -> Wakeup
}

/// Sleeps in `poll`.
struct PollWaiter: LoopWaiter {
    var now: ContinuousClock.Instant { .now }

    func wait(
        input: Int32?, mail: Int32, signal: Int32?, until deadline: ContinuousClock.Instant?
    ) -> Wakeup {
        // A negative descriptor is passed over.
        var polls = [input ?? -1, mail, signal ?? -1].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        guard poll(&polls, nfds_t(polls.count), milliseconds(until: deadline)) > 0 else {
            return []
        }
        var wakeup: Wakeup = []
        if polls[0].revents != 0 { wakeup.insert(.input) }
        if polls[1].revents != 0 { wakeup.insert(.mail) }
        if polls[2].revents != 0 { wakeup.insert(.signal) }
        return wakeup
    }

    /// Rounded up, or the loop would turn idly through the last millisecond.
    private func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
        guard let deadline else { return -1 }
        let parts = (deadline - now).components
        guard parts.seconds >= 0, parts.attoseconds >= 0 else { return 0 }
        guard parts.seconds < 86_400 else { return 86_400_000 }
        let attosecondsPerMillisecond: Int64 = 1_000_000_000_000_000
        let rest =
            (parts.attoseconds + attosecondsPerMillisecond - 1) / attosecondsPerMillisecond
        return Int32(parts.seconds * 1000 + rest)
    }
}
