import Foundation
import Synchronization
import Testing

@testable import Terminal

@Suite struct EventLoopTests {
    /// A clock and a sleep under the test's control: each wait takes the next step of a script.
    private final class ScriptedWaiter: LoopWaiter {
        struct Step {
            var milliseconds: Int
            var wakeup: Wakeup = []
            var action: () -> Void = {}
        }

        private(set) var now = ContinuousClock.Instant.now
        private let start: ContinuousClock.Instant
        private var steps: [Step]
        /// What the loop waited for, in milliseconds from the start; nil for ever.
        private(set) var deadlines: [Int?] = []
        private(set) var inputs: [Int32?] = []
        private let atEnd: () -> Void

        init(_ steps: [Step], atEnd: @escaping () -> Void) {
            self.steps = steps
            self.atEnd = atEnd
            start = now
        }

        func instant(_ milliseconds: Int) -> ContinuousClock.Instant {
            start + .milliseconds(milliseconds)
        }

        var milliseconds: Int { Int((now - start) / .milliseconds(1)) }

        func wait(
            input: Int32?, mail: Int32, signal: Int32?, until deadline: ContinuousClock.Instant?
        ) -> Wakeup {
            deadlines.append(deadline.map { Int(($0 - start) / .milliseconds(1)) })
            inputs.append(input)
            guard !steps.isEmpty else {
                atEnd()
                return []
            }
            let step = steps.removeFirst()
            now = max(now, instant(step.milliseconds))
            step.action()
            return step.wakeup
        }
    }

    private final class ScriptedSignals: SignalSource {
        var numbers: [Int32] = []
        var descriptor: Int32? { nil }
        func take() -> [Int32] {
            defer { numbers = [] }
            return numbers
        }
        func own() {}
    }

    private final class FakeScreen: Screen {
        var size = Size(columns: 10, rows: 2)
        let inputDescriptor: Int32
        var inputDeadline: ContinuousClock.Instant?
        var isClosed = false
        var input: [InputEvent] = []
        var calls: [String] = []
        var readCount = 0

        init(inputDescriptor: Int32 = -1) { self.inputDescriptor = inputDescriptor }

        func readInput() -> [InputEvent] {
            readCount += 1
            defer { input = [] }
            return input
        }
        func present(_ surface: Surface, theme: Theme) { calls.append("present") }
        func redraw() { calls.append("redraw") }
        func suspend() { calls.append("suspend") }
        func runOutside<Result>(_ body: () throws -> Result) rethrows -> Result { try body() }
        func copy(_ text: String) -> Bool { false }
        func ring() {}
        func setTitle(_ title: String) {}
        func end() {}
    }

    private final class Client: EventLoopClient {
        var batches: [[Occurrence<Int>]] = []
        var drawnAt: [Int] = []
        var time: () -> Int = { 0 }
        var nextDeadline: ContinuousClock.Instant?
        var isFinished = false
        var hasChanged = true
        var reaction: (Occurrence<Int>) -> Void = { _ in }

        func handle(_ occurrences: [Occurrence<Int>]) {
            batches.append(occurrences)
            occurrences.forEach(reaction)
        }

        func draw() -> (surface: Surface, theme: Theme)? {
            guard hasChanged else { return nil }
            drawnAt.append(time())
            return (Surface(Size(columns: 1, rows: 1)), .monochrome)
        }
    }

    private final class Bench {
        let screen = FakeScreen(inputDescriptor: 0)
        let signals = ScriptedSignals()
        let mailbox = Mailbox<Int>()
        let client = Client()

        func run(_ steps: [ScriptedWaiter.Step]) -> ScriptedWaiter {
            let client = client
            let waiter = ScriptedWaiter(steps) { client.isFinished = true }
            client.time = { [unowned waiter] in waiter.milliseconds }
            let loop = EventLoop(
                screen: screen, mailbox: mailbox, signals: signals, waiter: waiter)
            loop.run(client)
            return waiter
        }
    }

    @Test func `an idle loop sleeps without a timer`() {
        let bench = Bench()
        let waiter = bench.run([.init(milliseconds: 1000), .init(milliseconds: 9000)])
        #expect(waiter.deadlines == [nil, nil, nil])
        #expect(bench.client.batches == [])
        #expect(bench.client.drawnAt == [0])
    }

    @Test func `input is shown at once, however often it comes`() {
        let bench = Bench()
        let steps = (1...5).map { time in
            ScriptedWaiter.Step(milliseconds: time, wakeup: .input) {
                bench.screen.input = [.key(.character("a"))]
            }
        }
        _ = bench.run(steps)
        #expect(bench.client.drawnAt == [0, 1, 2, 3, 4, 5])
        #expect(bench.client.batches.count == 5)
    }

    @Test func `messages are handled at once and shown once per frame`() {
        let bench = Bench()
        let steps = (1...100).map { time in
            ScriptedWaiter.Step(milliseconds: time, wakeup: .mail) { bench.mailbox.post(time) }
        }
        let waiter = bench.run(steps + [.init(milliseconds: 200)])
        #expect(bench.client.batches == (1...100).map { [.message($0)] })
        #expect(bench.client.drawnAt == [0, 33, 66, 99, 200])
        // The last message waits for its frame, and for nothing after that.
        #expect(waiter.deadlines.suffix(2) == [132, nil])
        // Mail alone is no reason to look at the terminal.
        #expect(bench.screen.readCount == 2)
    }

    @Test func `messages that are there already are in the first frame`() {
        let bench = Bench()
        bench.mailbox.post(1)
        var seen: [Int] = []
        bench.client.reaction = { _ in seen = bench.client.drawnAt }
        _ = bench.run([.init(milliseconds: 500)])
        #expect(bench.client.batches == [[.message(1)]])
        #expect(seen == [])
        #expect(bench.client.drawnAt == [0])
    }

    @Test func `a message after a quiet time is shown at once`() {
        let bench = Bench()
        _ = bench.run([.init(milliseconds: 500, wakeup: .mail) { bench.mailbox.post(1) }])
        #expect(bench.client.drawnAt == [0, 500])
    }

    @Test func `what came together is handled together, people first`() {
        let bench = Bench()
        _ = bench.run([
            .init(milliseconds: 5, wakeup: [.mail, .input]) {
                bench.mailbox.post(1)
                bench.mailbox.post(2)
                bench.screen.input = [.key(.character("a")), .paste("b")]
            }
        ])
        #expect(
            bench.client.batches == [
                [.input(.key(.character("a"))), .input(.paste("b")), .message(1), .message(2)]
            ])
    }

    @Test func `nothing is presented when nothing changed`() {
        let bench = Bench()
        bench.client.reaction = { _ in bench.client.hasChanged = false }
        _ = bench.run([
            .init(milliseconds: 50, wakeup: .mail) { bench.mailbox.post(1) }
        ])
        #expect(bench.screen.calls == ["present"])
    }

    @Test func `a deadline gives one tick`() {
        let bench = Bench()
        let mailbox = bench.mailbox
        bench.client.reaction = { occurrence in
            if occurrence == .tick { bench.client.nextDeadline = nil }
        }
        let steps: [ScriptedWaiter.Step] = [
            .init(milliseconds: 10, wakeup: .mail) { mailbox.post(1) },
            .init(milliseconds: 70), .init(milliseconds: 300),
        ]
        let client = bench.client
        let waiter = ScriptedWaiter(steps) { client.isFinished = true }
        client.nextDeadline = waiter.instant(70)
        EventLoop(
            screen: bench.screen, mailbox: mailbox, signals: bench.signals, waiter: waiter
        ).run(client)
        #expect(client.batches == [[.message(1)], [.tick]])
        #expect(waiter.deadlines == [70, 33, nil, nil])
    }

    @Test func `a deadline that stays in the past does not make the loop spin`() {
        let bench = Bench()
        let steps = (0..<20).map { ScriptedWaiter.Step(milliseconds: $0 * 10) }
        let client = bench.client
        let waiter = ScriptedWaiter(steps) { client.isFinished = true }
        client.nextDeadline = waiter.instant(-100)
        EventLoop(
            screen: bench.screen, mailbox: bench.mailbox, signals: bench.signals, waiter: waiter
        ).run(client)
        #expect(client.batches.count == 5)
        #expect(waiter.deadlines.dropFirst().allSatisfy { ($0 ?? 0) > 0 })
    }

    @Test func `signals that end the program reach the client, the others the screen`() {
        let bench = Bench()
        _ = bench.run([
            .init(milliseconds: 1, wakeup: .signal) {
                bench.signals.numbers = [SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH]
                bench.screen.input = [.resize(Size(columns: 3, rows: 3))]
                bench.screen.size = Size(columns: 3, rows: 3)
            }
        ])
        #expect(
            bench.client.batches == [
                [
                    .signal(SIGTERM), .signal(SIGHUP),
                    .input(.resize(Size(columns: 3, rows: 3))),
                ]
            ])
        #expect(bench.screen.calls == ["present", "suspend", "redraw", "present"])
    }

    @Test func `a closed terminal is reported once and not looked at again`() {
        let bench = Bench()
        let waiter = bench.run([
            .init(milliseconds: 1, wakeup: .input) { bench.screen.isClosed = true },
            .init(milliseconds: 50, wakeup: .mail) { bench.mailbox.post(7) },
        ])
        #expect(bench.client.batches == [[.hangUp], [.message(7)]])
        #expect(waiter.inputs == [0, nil, nil])
        #expect(bench.screen.calls == ["present"])
    }

    @Test func `a size that changed while the terminal was away is reported`() {
        let bench = Bench()
        bench.client.reaction = { occurrence in
            if occurrence == .message(1) { bench.screen.size = Size(columns: 7, rows: 7) }
        }
        _ = bench.run([.init(milliseconds: 40, wakeup: .mail) { bench.mailbox.post(1) }])
        #expect(
            bench.client.batches == [
                [.message(1)], [.input(.resize(Size(columns: 7, rows: 7)))],
            ])
    }

    @Test func `an unfinished sequence is looked at again in time`() {
        let bench = Bench()
        let screen = bench.screen
        let client = bench.client
        let waiter = ScriptedWaiter([.init(milliseconds: 100)]) { client.isFinished = true }
        screen.inputDeadline = waiter.instant(100)
        EventLoop(
            screen: screen, mailbox: bench.mailbox, signals: bench.signals, waiter: waiter
        ).run(client)
        #expect(waiter.deadlines == [100, 100])
        #expect(screen.readCount == 2)
    }

    @Test func `messages of many threads all arrive, each thread's in order`() {
        let mailbox = Mailbox<Int>()
        let client = Client()
        let screen = FakeScreen()
        var seen: [Int] = []
        client.reaction = { occurrence in
            guard case .message(let number) = occurrence else { return }
            seen.append(number)
            client.isFinished = seen.count == 4000
        }
        for sender in 0..<4 {
            Thread { for number in 0..<1000 { mailbox.post(sender * 1000 + number) } }.start()
        }
        EventLoop(
            screen: screen, mailbox: mailbox, signals: ScriptedSignals(), waiter: PollWaiter()
        ).run(client)
        for sender in 0..<4 {
            #expect(
                seen.filter { $0 / 1000 == sender } == Array(sender * 1000..<(sender + 1) * 1000))
        }
    }

    @Test func `the sleep ends with what it waits for`() {
        let waiter = PollWaiter()
        let mail = WakePipe()
        let input = WakePipe()
        let past = waiter.now
        func wait() -> Wakeup {
            waiter.wait(input: input.descriptor, mail: mail.descriptor, signal: nil, until: past)
        }
        #expect(wait() == [])
        mail.ring()
        #expect(
            waiter.wait(
                input: input.descriptor, mail: mail.descriptor, signal: nil, until: nil) == .mail)
        input.ring()
        #expect(wait() == [.mail, .input])
        mail.silence()
        input.silence()
        #expect(wait() == [])
    }
}
