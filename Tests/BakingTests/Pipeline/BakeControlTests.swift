import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Baking

@Suite struct BakeControlTests {
    private let directory: TemporaryDirectory
    private let store: RunStore

    init() throws {
        directory = try TemporaryDirectory()
        store = RunStore(directory: directory.url.appending(path: "runs"))
    }

    /// What a bake leaves that counts.
    private func result(_ name: String) throws -> [String: Data] {
        let run = try store.run(name)
        var files = ["report": try Data(contentsOf: run.url(.verification))]
        for checkpoint in try run.checkpoints() {
            for name in try RunFiles.names(in: checkpoint.directory) {
                files["\(checkpoint.step)/\(name)"] = try Data(
                    contentsOf: checkpoint.directory.appending(path: name))
            }
        }
        let record = run.record
        files["marks"] = Data("\(String(describing: (record.best, record.last)))".utf8)
        return files
    }

    /// The job's events until it ends or is stopped.
    private func events(_ job: BakeJob) async throws -> (events: [BakeEvent], isStopped: Bool) {
        var events: [BakeEvent] = []
        do {
            for try await event in job.events() { events.append(event) }
            return (events, false)
        } catch is BakeStopped {
            return (events, true)
        }
    }

    /// A job that is stopped in the middle of its `count`-th piece of work called `what`.
    private func stopping(
        _ name: String, at what: String, _ count: Int, queries: QuerySet? = nil
    ) throws -> BakeJob {
        let control = BakeControl()
        var behaviour = FakeBackend.Behaviour()
        // Otherwise there is nothing left to score.
        behaviour.capturesRows = what != "target"
        let seen = Mutex(0)
        let backend = FakeBackend(
            behaviour,
            onCall: { call in
                guard call == what else { return }
                let isReached = seen.withLock { seen in
                    seen += 1
                    return seen == count
                }
                guard isReached else { return }
                control.stopAfterCheckpoint()
            })
        var job = try TestJob.job(in: store, name: name, backend: backend)
        if let queries { job.queries = queries }
        job.control = control
        return job
    }

    @Test(arguments: 1...9)
    func `stopped after any step, the bake ends as if it never was`(step: Int) async throws {
        _ = try await TestJob.job(in: store, name: "whole").events().collected()
        let (events, isStopped) = try await events(stopping("stopped", at: "step", step))
        #expect(isStopped)
        let run = try store.run("stopped")
        #expect(run.state == .interrupted)
        // Of that very step, written once.
        let written = events.compactMap {
            if case .checkpoint(let checkpoint) = $0.kind { checkpoint.step } else { nil }
        }
        #expect(written == Array(stride(from: 2, to: step, by: 2)) + [step])
        #expect(try run.checkpoint(.last).step == step)
        #expect(!events.contains { $0.name == "error" })

        let rest = try await TestJob.job(in: store, name: "stopped").events().collected()
        let steps = rest.compactMap { if case .step(let step) = $0.kind { step.step } else { nil } }
        #expect(steps == Array(step..<9).map { $0 + 1 })
        #expect(try result("stopped") == result("whole"))
    }

    @Test func `stopped again and again, a bake leaves what it would have left`() async throws {
        for devCount in [2, 0] {
            var queries = try TestJob.queries()
            queries.dev = Array(queries.dev.prefix(devCount))
            var whole = try TestJob.job(in: store, name: "whole \(devCount)")
            whole.queries = queries
            _ = try await whole.events().collected()
            let name = "stopped \(devCount)"
            var rounds = 0
            while try await events(stopping(name, at: "step", 1, queries: queries)).isStopped {
                rounds += 1
                // One extra at most, and none of the others is lost for it.
                let steps = try store.run(name).checkpoints().map(\.step)
                let regular = Set([2, 4, 6, 8, 9].filter { $0 <= rounds }.suffix(2))
                #expect(regular.isSubset(of: steps), "\(steps) after \(rounds)")
                #expect(
                    steps.filter { $0 % 2 == 1 && $0 != 9 }
                        == (rounds % 2 == 1 && rounds < 9 ? [rounds] : []))
            }
            #expect(rounds == 9)
            #expect(try result(name) == result("whole \(devCount)"))
        }
    }

    @Test(arguments: ["response", "target", "divergence"])
    func `stopped elsewhere, what is done is kept`(what: String) async throws {
        _ = try await TestJob.job(in: store, name: "whole").events().collected()
        #expect(try await events(stopping("stopped", at: what, 3)).isStopped)
        #expect(try store.run("stopped").state == .interrupted)
        _ = try await TestJob.job(in: store, name: "stopped").events().collected()
        #expect(try result("stopped") == result("whole"))
    }

    @Test func `a paused job holds before its next step and then goes on`() async throws {
        let control = BakeControl()
        #expect(await control.state == .running)
        let steps = Mutex(0)
        let backend = FakeBackend(onCall: { call in
            guard call == "step" else { return }
            let count = steps.withLock { steps in
                steps += 1
                return steps
            }
            if count == 3 { control.pause() }
        })
        var job = try TestJob.job(in: store, name: "paused", backend: backend)
        job.control = control
        let work = Task { [job] in try await job.events().collected() }
        while await control.state != .paused { await Task.yield() }
        #expect(steps.withLock { $0 } == 3)
        // The backend is free meanwhile.
        var chat = try Chat(
            backend: backend, arm: .baked,
            settings: ChatSettings(
                prompt: nil, adapter: .training(strength: 1), temperature: 0, seed: 0,
                maximumTokenCount: 8))
        #expect(try await chat.reply(to: "Hello").tokenCount > 0)
        #expect(steps.withLock { $0 } == 3)
        control.resume()
        #expect(try await work.value.last?.name == "run.finished")
        #expect(await control.state == .running)
        _ = try await TestJob.job(in: store, name: "whole").events().collected()
        #expect(try result("paused") == result("whole"))
    }

    @Test func `a paused job can be cancelled, and stopped with a checkpoint`() async throws {
        for stops in [false, true] {
            let control = BakeControl()
            let backend = FakeBackend(onCall: { call in
                if call == "step" { control.pause() }
            })
            var job = try TestJob.job(in: store, name: "paused \(stops)", backend: backend)
            job.control = control
            let work = Task { [job] in try await events(job) }
            while await control.state != .paused { await Task.yield() }
            if stops {
                control.stopAfterCheckpoint()
                #expect(await control.state == .stopping)
                #expect(try await work.value.isStopped)
            } else {
                work.cancel()
                _ = try? await work.value
            }
            let run = try store.run("paused \(stops)")
            #expect(try run.checkpoints().map(\.step) == (stops ? [1] : []))
        }
    }

    @Test func `a pause before the first work holds everything`() async throws {
        let control = BakeControl()
        control.pause()
        #expect(await control.state == .pausing)
        let backend = FakeBackend()
        var job = try TestJob.job(in: store, backend: backend)
        job.control = control
        let work = Task { [job] in try await job.events().collected() }
        while await control.state != .paused { await Task.yield() }
        #expect(backend.calls.isEmpty)
        control.resume()
        #expect(try await work.value.last?.name == "run.finished")
    }
}
