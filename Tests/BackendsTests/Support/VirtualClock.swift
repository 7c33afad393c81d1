import Backends
import Foundation
import Synchronization

/// Time that passes only while everybody sleeps.
///
/// Once nothing has called the clock during some turns of the scheduler, its time moves on to the
/// earliest sleeper, who wakes: sleepers wake in the order of their deadlines, at exactly their
/// deadlines, and no real time passes. Work that is neither asleep on this clock nor runnable (a
/// real socket) does not hold the time back; with `isManual`, time moves by ``advance(by:)`` alone.
final class VirtualClock: ServiceClock {
    private struct Sleeper {
        var deadline: Duration
        var order: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Duration.zero
        var sleepers: [Int: Sleeper] = [:]
        /// Cancelled before they slept.
        var cancelled: Set<Int> = []
        var order = 0
        var sleeps: [Duration] = []
        var isPumping = false
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    private let start: Date
    private let isManual: Bool

    /// - Parameter start: What the calendar says at the beginning.
    init(start: Date = Date(timeIntervalSince1970: 1_000_000_000), isManual: Bool = false) {
        self.start = start
        self.isManual = isManual
    }

    var now: Duration { state.withLock { $0.now } }
    var date: Date { start.addingTimeInterval(now / .seconds(1)) }

    /// What was slept so far, in the order of the calls.
    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        let order = state.withLock {
            $0.order += 1
            $0.sleeps.append(duration)
            return $0.order
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (isCancelled, waiters) = state.withLock { state in
                    if state.cancelled.remove(order) != nil { return (true, Waiters()) }
                    state.sleepers[order] = Sleeper(
                        deadline: state.now + max(duration, .zero), order: order,
                        continuation: continuation)
                    return (false, Self.dueWaiters(&state))
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
                for waiter in waiters { waiter.resume() }
                pump()
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: order)
                if sleeper == nil { state.cancelled.insert(order) }
                return sleeper?.continuation
            }
            sleeper?.resume(throwing: CancellationError())
        }
    }

    /// Moves the time on; everybody whose deadline it reaches wakes, at that deadline.
    func advance(by duration: Duration) {
        let end = now + duration
        while wakeEarliest(until: end) {}
        state.withLock { $0.now = max($0.now, end) }
    }

    /// Returns once `count` tasks sleep.
    func sleepers(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    private typealias Waiters = [CheckedContinuation<Void, Never>]

    private static func dueWaiters(_ state: inout State) -> Waiters {
        let due = state.waiters.filter { $0.count <= state.sleepers.count }
        state.waiters.removeAll { $0.count <= state.sleepers.count }
        return due.map(\.continuation)
    }

    /// Whether somebody woke.
    private func wakeEarliest(until end: Duration?) -> Bool {
        let continuation: CheckedContinuation<Void, any Error>? = state.withLock { state in
            let earliest = state.sleepers.values.min {
                ($0.deadline, $0.order) < ($1.deadline, $1.order)
            }
            guard let earliest, end.map({ earliest.deadline <= $0 }) ?? true else { return nil }
            state.sleepers[earliest.order] = nil
            state.now = max(state.now, earliest.deadline)
            return earliest.continuation
        }
        continuation?.resume()
        return continuation != nil
    }

    /// Wakes sleepers as long as there are some.
    private func pump() {
        guard !isManual else { return }
        let starts = state.withLock { state in
            if state.isPumping { return false }
            state.isPumping = true
            return true
        }
        guard starts else { return }
        Task { @concurrent in
            while true {
                await settle()
                if wakeEarliest(until: nil) { continue }
                let ends = state.withLock { state in
                    guard state.sleepers.isEmpty else { return false }
                    state.isPumping = false
                    return true
                }
                if ends { return }
            }
        }
    }

    /// Lets others run until nobody calls the clock any more.
    private func settle() async {
        var order = -1
        while true {
            let current = state.withLock { $0.order }
            if current == order { return }
            order = current
            for _ in 0..<100 { await Task.yield() }
        }
    }
}
