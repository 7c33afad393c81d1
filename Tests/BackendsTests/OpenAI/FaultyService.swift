import Foundation
import Synchronization

@testable import Backends

/// A service that answers rightly, or goes wrong in one of many ways; which is drawn from a seed.
final class FaultyService: HTTPTransport {
    /// Everything that can go wrong, with how often it does.
    enum Fault: String, CaseIterable {
        case cannotConnect, timedOut, cutBeforeHead, cutBeforeText, cutInCharacter, stalled
        case doneWithoutFinish, emptyStream, malformed, html
        case tooManyRequests, tooManyRequestsWithWait, inFlightBudget, serverError, badGateway
        case unavailable, gatewayTimeout, conflict, tooEarly, requestTimeout, overloaded
        case errorAsAnswer, errorFirst, errorLater, errorEvent, errorField, finishError
        case contentFilter, endless, forbidden, badRequest, tooLarge
        case unauthorized, noCredit, notFound, noQuota

        /// Ends the job.
        var isFatal: Bool {
            switch self {
            case .unauthorized, .noCredit, .notFound, .noQuota: true
            default: false
            }
        }
    }

    struct State {
        var random: FaultDice
        /// Complete answers that were read to their reason for ending, by the request's seed.
        var delivered: [Int: Int] = [:]
        var asked: [Int: Int] = [:]
        var faults: [Fault: Int] = [:]
        var answerCount = 0
        /// After so many more requests, somebody pulls the plug.
        var requestsUntilStop: Int?
    }

    let state: Mutex<State>
    private let faultRate: Double
    private let stop = Mutex<(@Sendable () -> Void)?>(nil)

    init(seed: UInt64, faultRate: Double) {
        state = Mutex(State(random: FaultDice(seed)))
        self.faultRate = faultRate
    }

    func stop(after count: Int?, _ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.requestsUntilStop = count }
        stop.withLock { $0 = body }
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try Task.checkCancellation()
        guard request.isChat else { return .scripted(404) }
        let asked = try PlayedRequest(request)
        let seed = asked.seed ?? -1
        let (fault, size, isWhole, stops) = state.withLock { state in
            state.asked[seed, default: 0] += 1
            let fault = draw(&state)
            if let fault { state.faults[fault, default: 0] += 1 }
            let stops = state.requestsUntilStop == 0
            state.requestsUntilStop = state.requestsUntilStop.map { $0 - 1 }
            return (
                fault, 1 + Int(state.random.next() % 40),
                asked.stream != true || state.random.next() % 8 == 0, stops
            )
        }
        if stops { stop.withLock { $0 }?() }
        if let fault { return try response(fault, size: size) }
        return isWhole
            ? deliver(ChatPlay.json, Array(whole().utf8), size: size, seed: seed)
            : deliver(ChatPlay.sse, Array(stream().utf8), size: size, seed: seed)
    }

    private func draw(_ state: inout State) -> Fault? {
        guard Double(state.random.next() % 1000) / 1000 < faultRate else { return nil }
        let all = Fault.allCases
        let fault = all[Int(state.random.next() % UInt64(all.count))]
        // What ends a job is as rare as in life.
        if fault.isFatal, state.random.next() % 20 > 0 { return .serverError }
        // And what takes long to play is rare, too.
        if fault == .endless, state.random.next() % 4 > 0 { return .stalled }
        return fault
    }

    /// Every answer is another.
    private func number() -> Int {
        state.withLock {
            $0.answerCount += 1
            return $0.answerCount
        }
    }

    private func stream() -> String {
        ": wait\n\n" + ChatPlay.text("answer \(number()) ") + ChatPlay.text("naïve 🥐")
            + ChatPlay.finish(usage: ChatPlay.usage(cost: 0.001))
    }

    private func whole() -> String {
        #"{"choices":[{"finish_reason":"stop","message":{"content":"answer \#(number()) whole"}}]}"#
    }

    /// Counts the answer once its last piece is read.
    private func deliver(
        _ headers: HTTPHeaders, _ bytes: [UInt8], size: Int, seed: Int
    ) -> HTTPResponse {
        let position = Mutex(0)
        let body = AsyncThrowingStream<Data, any Error> { [self] in
            let start = position.withLock { $0 }
            guard start < bytes.count else { return nil }
            let end = min(start + size, bytes.count)
            position.withLock { $0 = end }
            if end == bytes.count { state.withLock { $0.delivered[seed, default: 0] += 1 } }
            return Data(bytes[start..<end])
        }
        return HTTPResponse(
            status: 200, headers: headers, url: URL(filePath: "/"), body: body)
    }

    private func response(_ fault: Fault, size: Int) throws -> HTTPResponse {
        let cut = HTTPError.cut(host: "h", why: "reset")
        let text = ChatPlay.text("an answer that nobody may keep ")
        func stream(_ body: String, then error: (any Error)? = nil) -> HTTPResponse {
            ChatPlay.chopped(body.utf8, size: size, then: error)
        }
        switch fault {
        case .cannotConnect: throw HTTPError.cannotConnect(host: "h", why: "refused")
        case .timedOut: throw HTTPError.timedOut(host: "h", waitingFor: "the answer")
        case .cutBeforeHead: throw cut
        case .cutBeforeText: return stream(": wait\n\n", then: cut)
        case .cutInCharacter:
            return ChatPlay.chopped(
                ChatPlay.cutInCharacter(text + ChatPlay.text("🥐")), size: size, then: cut)
        case .stalled:
            return stream(text, then: HTTPError.timedOut(host: "h", waitingFor: "more of it"))
        case .doneWithoutFinish: return stream(text + ChatPlay.done)
        case .emptyStream: return stream("")
        case .malformed: return stream(text + "data: {\"choices\":[{\"del\n\n")
        case .html: return .scripted(200, "<html>busy</html>")
        case .tooManyRequests: return ChatPlay.failure(429)
        case .tooManyRequestsWithWait:
            return ChatPlay.failure(429, headers: ["Retry-After": "30"])
        case .inFlightBudget: return ChatPlay.failure(402, headers: ["Retry-After": "2"])
        case .serverError: return ChatPlay.failure(500)
        case .badGateway: return .scripted(502, "<html>")
        case .unavailable: return ChatPlay.failure(503)
        case .gatewayTimeout: return ChatPlay.failure(504)
        case .conflict: return ChatPlay.failure(409)
        case .tooEarly: return ChatPlay.failure(425)
        case .requestTimeout: return ChatPlay.failure(408)
        case .overloaded: return ChatPlay.failure(529)
        case .errorAsAnswer:
            return .scripted(200, #"{"error":{"message":"no","code":500}}"#, headers: ChatPlay.json)
        case .errorFirst: return stream(ChatPlay.event(#"{"error":{"message":"no","code":429}}"#))
        case .errorLater:
            return stream(
                text + ChatPlay.event(#"{"error":{"message":"no","code":"server_error"}}"#))
        case .errorEvent: return stream("event: error\ndata: {\"code\":503,\"details\":\"no\"}\n\n")
        case .errorField: return stream(text + "error: {\"code\":500,\"message\":\"no\"}\n\n")
        case .finishError: return stream(text + ChatPlay.finish("error"))
        case .contentFilter: return stream(text + ChatPlay.finish("content_filter"))
        case .endless:
            let words = ChatPlay.text(String(repeating: "more and ", count: 500))
            return ChatPlay.chopped(String(repeating: words, count: 20).utf8, size: 9999)
        case .forbidden: return ChatPlay.failure(403)
        case .badRequest: return ChatPlay.failure(400)
        case .tooLarge: return ChatPlay.failure(413)
        case .unauthorized: return ChatPlay.failure(401)
        case .noCredit: return ChatPlay.failure(402)
        case .notFound: return ChatPlay.failure(404)
        case .noQuota: return ChatPlay.failure(429, fields: #","code":"insufficient_quota""#)
        }
    }
}

/// Numbers that depend on a seed alone.
struct FaultDice: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = (seed &+ 1) &* 0xD134_2543_DE82_EF95 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
