internal import Foundation

extension Mailbox {
    /// Sleeps until there is a message or the time has come; for programs without a screen.
    ///
    /// - Parameter deadline: nil waits for a message.
    package func wait(until deadline: ContinuousClock.Instant?) {
        while true {
            var timeout: Int32 = -1
            if let deadline {
                let left = (deadline - ContinuousClock.now) / .milliseconds(1)
                guard left > 0 else { return }
                timeout = Int32(min(left.rounded(.up), 1e9))
            }
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&request, 1, timeout) != -1 || errno != EINTR { return }
        }
    }
}
