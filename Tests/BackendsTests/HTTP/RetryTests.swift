import Foundation
import Synchronization
import Testing

@testable import Backends

@Suite struct RetryTests {
    private let policy = RetryPolicy(
        statuses: [429, 503], firstWait: .seconds(1), longestWait: .seconds(30), attempts: 6)
    private let date = Date(timeIntervalSince1970: 784_111_777)

    private func failure(_ status: Int, _ headers: HTTPHeaders = [:]) -> HTTPFailure {
        .status(HTTPAnswer(status: status, headers: headers, url: URL(filePath: "/"), body: Data()))
    }

    private func wait(
        _ failure: HTTPFailure, failures: Int = 1, elapsed: Duration = .zero,
        random: Double = 0.999,
        policy: RetryPolicy? = nil
    ) -> Duration? {
        (policy ?? self.policy).wait(
            after: failure, failures: failures, elapsed: elapsed, date: date, random: random)
    }

    // MARK: Policy

    @Test(arguments: [
        (1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (1000, 30), (Int.max, 30),
    ])
    func `waits double up to the longest, and the random part keeps its bounds`(
        failures: Int, seconds: Int
    ) throws {
        var policy = policy
        policy.attempts = nil
        for random in [0, 0.3, 0.999_999, 1, 7, -1, .nan] {
            let wait = try #require(
                self.wait(failure(503), failures: failures, random: random, policy: policy))
            #expect(wait <= .seconds(seconds))
            #expect(wait >= .seconds(seconds) / 2)
        }
    }

    @Test func `no policy overflows`() throws {
        let longest = Duration(secondsComponent: .max, attosecondsComponent: 0)
        for first in [longest, .zero, .seconds(-5), .nanoseconds(1)] {
            let policy = RetryPolicy(
                statuses: [503], firstWait: first, longestWait: longest / 4, jitter: 1...1)
            for failures in [0, 1, 2, 64, 10_000] {
                let wait = try #require(
                    self.wait(failure(503), failures: failures, policy: policy))
                #expect(wait >= .zero)
                // A number of that size is not exact.
                #expect(wait <= longest / 3)
            }
        }
    }

    @Test func `what is tried again is decided by kind`() {
        #expect(wait(failure(404)) == nil)
        #expect(wait(failure(503)) != nil)
        let connections: [HTTPError] = [
            .cannotConnect(host: "h", why: ""), .timedOut(host: "h", waitingFor: ""),
            .cut(host: "h", why: ""),
        ]
        for error in connections {
            #expect(wait(.transport(error)) != nil)
            var policy = policy
            policy.retriesConnections = false
            #expect(wait(.transport(error), policy: policy) == nil)
        }
        let final: [HTTPError] = [
            .insecure(host: "h", why: ""), .tooLarge(limit: 1, host: "h"),
            .redirect(host: "h", why: ""), .invalidRequest(""),
        ]
        for error in final { #expect(wait(.transport(error)) == nil) }
        #expect(wait(failure(503), policy: .never) == nil)
    }

    @Test func `attempts and time are bounded`() {
        #expect(wait(failure(503), failures: 5) != nil)
        #expect(wait(failure(503), failures: 6) == nil)
        var policy = policy
        policy.total = .seconds(60)
        policy.jitter = 1...1
        #expect(wait(failure(503), elapsed: .seconds(59), policy: policy) != nil)
        #expect(wait(failure(503), elapsed: .seconds(60), policy: policy) == nil)
        // No wait that would end too late is begun.
        #expect(
            wait(failure(503, ["Retry-After": "50"]), elapsed: .seconds(20), policy: policy) == nil)
    }

    // MARK: Retry-After

    @Test(arguments: [
        ("5", 5000), ("0", 0), ("1.5", 1500), (" 7 ", 7000), ("0.0001", 1),
        ("99999999999", 300_000),
        (String(repeating: "9", count: 400), 300_000), (".5", 500),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10_000), ("Sunday, 06-Nov-94 08:49:47 GMT", 10_000),
        ("Sun Nov  6 08:49:47 1994", 10_000), ("Sun, 06 Nov 1994 08:49:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 300_000),
    ])
    func `a server may say how long to wait`(text: String, milliseconds: Int) {
        #expect(wait(failure(429, ["Retry-After": text])) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", " ", "soon", "-5", "nan", "inf", "-inf", "0x10", "1e3", "1e999", "+5", "5s", "1.2.3",
        ".",
        "٣", "Sun, 99 Nov 1994 08:49:47 GMT", "Sun, 06 Nov", "\u{0}",
    ])
    func `what is no time is not heeded`(text: String) throws {
        let wait = try #require(
            self.wait(failure(429, ["Retry-After": text]), random: 0))
        #expect(wait == .milliseconds(500))
        #expect(
            self.wait(failure(429, ["retry-after-ms": text, "retry-after": "3"])) == .seconds(3))
    }

    @Test func `milliseconds go first, and are for statuses that are tried again`() {
        let headers: HTTPHeaders = ["Retry-After": "9", "Retry-After-Ms": "250"]
        #expect(wait(failure(429, headers)) == .milliseconds(250))
        #expect(wait(failure(400, headers)) == nil)
    }

    @Test func `at once holds once`() throws {
        let now = failure(429, ["Retry-After": "0"])
        #expect(wait(now) == .zero)
        #expect(
            try #require(
                self.wait(now, failures: 2, random: 0)) == .milliseconds(500))
        #expect(
            try #require(
                self.wait(now, failures: 5, random: 0)) == .milliseconds(500))
        #expect(wait(failure(429, ["Retry-After": "1"]), failures: 5) == .seconds(1))
    }

    // MARK: Caller

    private func caller(
        _ clock: VirtualClock, _ transport: ScriptedTransport, random: Double = 0.5
    ) -> HTTPCaller {
        HTTPCaller(transport: transport, clock: clock, random: { random })
    }

    private func request() throws -> HTTPRequest {
        HTTPRequest(.get, try #require(URL(string: "http://h.example/")))
    }

    @Test func `a call is repeated until there is an answer`() async throws {
        let clock = VirtualClock()
        let transport = ScriptedTransport { _, index in
            switch index {
            case 0: throw HTTPError.cut(host: "h", why: "x")
            case 1: .scripted(503, "busy")
            case 2: .scripted(429, headers: ["Retry-After": "20"])
            case 3:
                .scripted(200, pieces: [Data("ha".utf8)], then: HTTPError.cut(host: "h", why: ""))
            default: .scripted(200, "whole")
            }
        }
        let told = Mutex<[Int]>([])
        let answer = try await caller(clock, transport).call(try request(), policy: policy) {
            _, _, count in told.withLock { $0.append(count) }
        }
        #expect(String(decoding: answer.body, as: UTF8.self) == "whole")
        #expect(told.withLock { $0 } == [1, 2, 3, 4])
        #expect(
            clock.sleeps == [.milliseconds(750), .milliseconds(1500), .seconds(20), .seconds(6)])
    }

    @Test func `the last failure is the one that is thrown`() async throws {
        let clock = VirtualClock()
        let transport = ScriptedTransport { _, index in .scripted(503, "busy \(index)") }
        let error = await #expect(throws: HTTPFailure.self) {
            try await caller(clock, transport).call(try request(), policy: policy)
        }
        guard case .status(let answer) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(String(decoding: answer.body, as: UTF8.self) == "busy 5")
        #expect(transport.requests.count == 6)
    }

    @Test func `the total bounds the attempts`() async throws {
        let clock = VirtualClock()
        let transport = ScriptedTransport { _, _ in .scripted(503) }
        var policy = policy
        policy.attempts = nil
        policy.total = .seconds(300)
        await #expect(throws: HTTPFailure.self) {
            try await caller(clock, transport).call(try request(), policy: policy)
        }
        #expect(clock.now <= .seconds(300))
        #expect(clock.now > .seconds(270))
    }

    @Test func `a body that is too long or broken does not hide a status`() async throws {
        let clock = VirtualClock()
        let transport = ScriptedTransport { _, index in
            if index == 0 {
                return .scripted(
                    503, pieces: [Data("a".utf8)], then: HTTPError.cut(host: "h", why: ""))
            }
            return .scripted(401, pieces: Array(repeating: Data(count: 1 << 18), count: 99))
        }
        let error = await #expect(throws: HTTPFailure.self) {
            try await caller(clock, transport).call(try request(), policy: policy)
        }
        guard case .status(let answer) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(answer.status == 401)
        #expect(answer.body.count == 1 << 20)
        #expect(transport.requests.count == 2)
    }

    @Test func `an answer that is too long, or no, is final`() async throws {
        let clock = VirtualClock()
        let transport = ScriptedTransport { _, index in
            index == 0 ? .scripted(200, "too long") : .scripted(404, "none")
        }
        let caller = caller(clock, transport)
        let error = await #expect(throws: HTTPFailure.self) {
            try await caller.call(try request(), policy: policy, limit: 5)
        }
        guard case .transport(.tooLarge(limit: 5, _)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await #expect(throws: HTTPFailure.self) {
            try await caller.call(try request(), policy: policy)
        }
        #expect(transport.requests.count == 2)
        #expect(clock.sleeps.isEmpty)
    }

    @Test(.timeLimit(.minutes(15)))
    func `cancelling ends the waiting`() async throws {
        let clock = VirtualClock(isManual: true)
        let transport = ScriptedTransport { _, _ in .scripted(503) }
        let (caller, request, policy) = (caller(clock, transport), try request(), policy)
        let task = Task { try await caller.call(request, policy: policy).status }
        await clock.sleepers(1)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(transport.requests.count == 1)
    }
}
