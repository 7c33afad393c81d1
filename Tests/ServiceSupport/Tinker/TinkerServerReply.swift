internal import FlyingFox
import Foundation

extension TinkerServer {
    /// An answer before it is HTTP.
    struct Reply {
        enum Ending { case whole, closed, cut }

        var status: Int
        var headers: [String: String] = [:]
        var body: Data?
        /// What becomes of the answer on its way.
        var ending = Ending.whole

        /// The connection ends without an answer.
        static let closed = Reply(status: 0, body: nil, ending: .closed)
        static let gone = Reply(status: 503, body: nil)

        init(status: Int, body: Data?, ending: Ending = .whole) {
            self.status = status
            self.body = body
            self.ending = ending
        }

        init(status: Int = 200, json: WireJSON) {
            self.status = status
            do {
                body = try json.data
            } catch {
                self.status = 500
                body = Data("\(error)".utf8)
            }
            headers["Content-Type"] = "application/json"
        }

        init(_ refusal: TinkerServerRefusal) {
            self.init(status: refusal.status, json: ["detail": .string(refusal.detail)])
            if refusal.status == 401 {
                headers["WWW-Authenticate"] = "Bearer error=\"invalid_token\""
            }
        }

        var response: FlyingFox.HTTPResponse {
            let code = HTTPStatusCode(status, phrase: "Answer")
            var fields = HTTPHeaders()
            for (name, value) in headers { fields[HTTPHeader(name)] = value }
            switch ending {
            case .whole:
                return HTTPResponse(statusCode: code, headers: fields, body: body ?? Data())
            case .closed, .cut:
                // What FlyingFox has for other protocols is the only way to end a connection early:
                // without a head when there is no handler's answer, else behind the head.
                fields[.contentLength] = "1000"
                var response = HTTPResponse(
                    headers: fields, webSocket: Hangup(sendsHead: ending == .cut))
                response.statusCode = code
                return response
            }
        }
    }

    /// Ends a connection.
    private struct Hangup: WSHandler {
        struct Refused: Error {}

        let sendsHead: Bool

        func makeFrames(
            for client: AsyncThrowingStream<WSFrame, any Error>
        ) async throws -> AsyncStream<WSFrame> {
            guard sendsHead else { throw Refused() }
            return AsyncStream { $0.finish() }
        }
    }
}
