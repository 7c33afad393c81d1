import Foundation
import Synchronization

@testable import Backends

/// A clock that stands still until it is told to go to the next moment somebody waits for.
final class SteppedClock: ServiceClock {
    private struct Sleeper {
        var number: Int
        var until: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Duration.zero
        var nextNumber = 0
        var cancelled: Set<Int> = []
        var sleepers: [Sleeper] = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    static let start = Date(timeIntervalSince1970: 1_700_000_000)

    var now: Duration { state.withLock { $0.now } }
    var date: Date { Self.start.addingTimeInterval(now / .seconds(1)) }

    func sleep(for duration: Duration) async throws {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (isCancelled, woken) = state.withLock { state in
                    if state.cancelled.remove(number) != nil {
                        return (true, [CheckedContinuation<Void, Never>]())
                    }
                    state.sleepers.append(
                        Sleeper(
                            number: number, until: state.now + duration,
                            continuation: continuation))
                    let count = state.sleepers.count
                    let woken = state.watchers.filter { $0.count <= count }.map(\.continuation)
                    state.watchers.removeAll { $0.count <= count }
                    return (false, woken)
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
                for watcher in woken { watcher.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.number == number }) else {
                    state.cancelled.insert(number)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Returns when at least so many wait, or the test is cancelled.
    func untilAsleep(_ count: Int = 1) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if Task.isCancelled || state.sleepers.count >= count { return true }
                    state.watchers.append((count, continuation))
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            let watchers = state.withLock { state in
                defer { state.watchers = [] }
                return state.watchers
            }
            for watcher in watchers { watcher.continuation.resume() }
        }
    }

    /// Waits until at least so many wait, and goes to where the first of them wants to.
    func step(_ count: Int = 1) async {
        await untilAsleep(count)
        if Task.isCancelled { return }
        let sleeper = state.withLock { state -> Sleeper? in
            guard
                let index = state.sleepers.indices.min(by: {
                    state.sleepers[$0].until < state.sleepers[$1].until
                })
            else { return nil }
            let sleeper = state.sleepers.remove(at: index)
            state.now = max(state.now, sleeper.until)
            return sleeper
        }
        sleeper?.continuation.resume()
    }
}
