import Backends
import Foundation
import Testing

@Suite struct SupportTests {
    @Test func `sleepers of a virtual clock wake in the order of their deadlines`() async throws {
        let clock = VirtualClock()
        let order = try await withThrowingTaskGroup(of: Int.self) { group in
            for seconds in [300, 7, 100_000, 20] {
                group.addTask {
                    try await clock.sleep(for: .seconds(seconds))
                    return seconds
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(order == [7, 20, 300, 100_000])
        #expect(clock.now == .seconds(100_000))
    }

    @Test(.timeLimit(.minutes(15)))
    func `a cancelled sleeper of a virtual clock wakes`() async throws {
        let clock = VirtualClock(isManual: true)
        let task = Task { try await clock.sleep(for: .seconds(5)) }
        await clock.sleepers(1)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(clock.now == .zero)
    }
}
