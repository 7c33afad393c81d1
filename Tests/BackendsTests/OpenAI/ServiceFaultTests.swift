import Baking
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Backends

/// Whole jobs whose responses a faulty service writes.
@Suite struct ServiceFaultTests {
    /// What a run's dataset says, line by line.
    private struct Rows {
        /// By id, the different responses that lines give it.
        var responses: [String: Set<[Int]>] = [:]
        /// The seeds of its rows as a request has them.
        var seeds: Set<Int> = []
        /// Those of rows with an answer.
        var answeredSeeds: Set<Int> = []
        /// Ids of rows that the service declined.
        var declined: Set<String> = []
        /// Follow-ups that are never asked for, because what they follow was declined.
        var unaskedCount = 0
        var dollars = 0.0

        init(_ file: URL) throws {
            guard FileManager.default.fileExists(atPath: file.path) else { return }
            var last: [String: Double] = [:]
            for line in try Data(contentsOf: file).split(separator: 0x0A) {
                // The last line may be torn.
                guard let row = try? JSONDecoder().decode(Row.self, from: line) else { continue }
                responses[row.id, default: []].insert(row.tokens)
                let seed = Int(row.seed & 0x7FFF_FFFF)
                seeds.insert(seed)
                if !row.tokens.isEmpty { answeredSeeds.insert(seed) }
                last[row.id] = row.spending?.dollars
                if row.tokens.isEmpty, declined.insert(row.id).inserted, row.hasFollowUp {
                    unaskedCount += 1
                }
            }
            dollars = last.values.reduce(0, +)
        }

        private struct Row: Decodable {
            struct Amount: Decodable { var dollars: Double? }
            struct Message: Decodable { var content: String }
            var id: String
            var turn: Int
            var messages: [Message]
            var seed: UInt64
            var tokens: [Int]
            var spending: Amount?

            var hasFollowUp: Bool {
                turn == 1
                    && ServiceFaultTests.queries.train.contains {
                        $0.turns.count > 1 && $0.turns[0] == messages.first?.content
                    }
            }
        }
    }

    private static let queries = QuerySet(
        train: (0..<14).map { number in
            Query(
                group: "One",
                turns: ["What is \(number)?"] + (number % 3 == 0 ? ["And what more?"] : []))
        },
        dev: (14..<18).map { Query(group: "One", turns: ["What is \($0)?"]) },
        test: [Query(group: "One", turns: ["What else?"])])

    private static var rowCount: Int {
        queries.train.reduce(0) { $0 + $1.turns.count } * 4 + queries.dev.count
    }

    private func job(_ service: FaultyService, in directory: URL) throws -> BakeJob {
        let client = OpenAIClient(
            name: "faulty", base: try #require(URL(string: "https://faulty.example/v1")),
            key: nil, keyVariable: nil,
            caller: HTTPCaller(
                transport: service, clock: VirtualClock(),
                random: { service.state.withLock { Double($0.random.next() % 1000) / 1000 } }))
        let backend = FakeBackend()
        var configuration = BakeConfiguration()
        configuration.generator = "faulty"
        configuration.topK = 4
        configuration.maximumResponseTokens = 64
        return BakeJob(
            prompt: try Prompt(text: "You are a pirate."), queries: Self.queries,
            configuration: configuration, store: RunStore(directory: directory), backend: backend,
            generator: ServiceGenerator(
                client: client, model: "m", for: backend, thinking: false, concurrency: 8),
            runName: "run")
    }

    /// Runs the job once; whether it came to its end.
    private func run(_ job: BakeJob, _ service: FaultyService, stopAfter: Int?) async throws -> Bool
    {
        let task = Task {
            for try await _ in job.events(through: .generate) {}
            try Task.checkCancellation()
        }
        service.stop(after: stopAfter) { task.cancel() }
        let result = await task.result
        // A cancelled job keeps what had come and lets go of its run a moment later.
        while try job.store.run("run").state == .running { await Task.yield() }
        if case .success = result { return true }
        return false
    }

    @Test func `ten thousand faults and many crashes lose no row, double none and pay none twice`()
        async throws
    {
        var faults: [FaultyService.Fault: Int] = [:]
        var interruptions = 0
        var declinedCount = 0
        var seed: UInt64 = 0
        while faults.values.reduce(0, +) < 10_000 {
            seed += 1
            let directory = try TemporaryDirectory()
            let file = directory.url.appending(path: "run/dataset.jsonl")
            let service = FaultyService(seed: seed, faultRate: seed % 4 == 0 ? 0.85 : 0.6)
            /// Answers that were read whole and then fell to a crash, by the request's seed.
            var lost: [Int: Int] = [:]
            var isDone = false
            for _ in 0..<200 where !isDone {
                let (stopAfter, tear) = service.state.withLock { state in
                    (
                        state.random.next() % 2 == 0 ? Int(state.random.next() % 150) : nil,
                        state.random.next() % 2 == 0 ? 1 + Int(state.random.next() % 300) : 0
                    )
                }
                let before = try Rows(file)
                let asked = service.state.withLock { $0.asked }
                isDone = try await run(
                    job(service, in: directory.url), service, stopAfter: stopAfter)
                service.state.withLock { state in
                    for seed in before.seeds { #expect(state.asked[seed] == asked[seed]) }
                }
                let wasStopped = service.state.withLock { ($0.requestsUntilStop ?? 0) < 0 }
                if wasStopped, !isDone {
                    interruptions += 1
                    // A crash may also tear what was written last.
                    let whole = try Rows(file)
                    if tear > 0, !whole.seeds.isEmpty {
                        let handle = try FileHandle(forWritingTo: file)
                        let length = try handle.seekToEnd()
                        try handle.truncate(atOffset: length - min(length, UInt64(tear)))
                        try handle.close()
                    }
                }
                let after = try Rows(file)
                service.state.withLock { state in
                    for (seed, count) in state.delivered where !after.seeds.contains(seed) {
                        let gone = count - (lost[seed] ?? 0)
                        #expect(gone <= 1)
                        #expect(gone == 0 || wasStopped)
                        lost[seed] = count
                    }
                }
            }
            #expect(isDone, "the job of seed \(seed) never ended")
            let rows = try Rows(file)
            let rowCount = Self.rowCount - rows.unaskedCount
            #expect(rows.responses.count == rowCount)
            #expect(rows.seeds.count == rowCount)
            declinedCount += rows.declined.count
            service.state.withLock { state in
                #expect(rows.answeredSeeds.count == rowCount - rows.declined.count)
                #expect(rows.answeredSeeds.isSubset(of: state.delivered.keys))
                // What fell to a crash may have been declined when it was asked for again.
                for (seed, count) in state.delivered {
                    let kept = rows.answeredSeeds.contains(seed) ? 1 : 0
                    #expect(count == kept + (lost[seed] ?? 0), "asked again for what it had")
                }
                faults.merge(state.faults, uniquingKeysWith: +)
            }
            #expect(rows.responses.values.allSatisfy { $0.count == 1 })
        }
        #expect(Set(faults.keys) == Set(FaultyService.Fault.allCases))
        #expect(interruptions > 10)
        #expect(declinedCount > 10)
    }
}
