internal import Foundation
internal import Synchronization

/// One exchange of a trace while it goes on; it is written when it ends.
final class HTTPTraceEntry: Sendable {
    /// Most bytes of a body that are shown.
    private static let bodyLimit = 64 << 10

    private struct Body {
        var start: [UInt8] = []
        var byteCount = 0

        mutating func append(_ data: Data) {
            start += data.prefix(HTTPTraceEntry.bodyLimit - start.count)
            byteCount += data.count
        }
    }

    private struct State {
        var status: Int?
        var headers = HTTPHeaders()
        var body = Body()
        var hasEnded = false
    }

    /// A line of the file.
    private struct Line: Encodable {
        struct Message: Encodable {
            var status: Int?
            /// `Name: value`
            var headers: [String]
            var byteCount: Int
            /// Its beginning; nil when it is no text.
            var body: String?
        }

        var time: String
        var method: String
        var url: String
        var request: Message
        var response: Message?
        var seconds: Double
        var error: String?
    }

    private let request: CurlRequest
    private let credentialHeader: String?
    private let trace: HTTPTrace
    private let date = Date()
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    init(_ request: CurlRequest, credentialHeader: String?, trace: HTTPTrace) {
        self.request = request
        self.credentialHeader = credentialHeader
        self.trace = trace
    }

    func received(_ head: ResponseHead) {
        state.withLock {
            $0.status = head.status
            $0.headers = head.headers
        }
    }

    func received(_ data: Data) { state.withLock { $0.body.append(data) } }

    /// Writes it, the first time.
    func end(_ error: (any Error)?) {
        let state = state.withLock { state in
            let isFirst = !state.hasEnded
            state.hasEnded = true
            return isFirst ? state : nil
        }
        guard let state else { return }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        trace.write { redaction in
            var body = Body()
            body.append(request.body ?? Data())
            let line = Line(
                time: date.formatted(.iso8601.time(includingFractionalSeconds: true)),
                method: request.method.rawValue,
                url: redaction.redacted(request.address.text),
                request: message(nil, request.headers, body, redaction),
                response: state.status.map { message($0, state.headers, state.body, redaction) },
                seconds: (seconds * 1e6).rounded() / 1e6,
                error: error.map { redaction.redacted("\($0)") })
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(line) + Data("\n".utf8)
        }
    }

    private func message(
        _ status: Int?, _ headers: HTTPHeaders, _ body: Body, _ redaction: Redaction
    ) -> Line.Message {
        let hidden = CurlRequest.credentialHeaders + ["Set-Cookie"] + [credentialHeader ?? ""]
        let names = Set(hidden.map { $0.lowercased() })
        let lines = headers.fields.map { field in
            let isHidden = names.contains(field.name.lowercased())
            return "\(field.name): "
                + (isHidden ? Redaction.mark : redaction.redacted(field.value))
        }
        return Line.Message(
            status: status, headers: lines, byteCount: body.byteCount,
            body: text(body).map {
                redaction.redacted($0, isCut: body.start.count < body.byteCount)
            }
            .map { String(decoding: $0, as: UTF8.self) })
    }

    /// The bytes of a body, if they are text.
    private func text(_ body: Body) -> [UInt8]? {
        var bytes = body.start
        if bytes.count < body.byteCount {
            // The last character may be cut.
            while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
            if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        }
        guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
            return nil
        }
        return bytes
    }
}
