internal import Foundation

/// What a body holds on to: with its last reader the transfer ends.
final class HTTPBodyReader: Sendable {
    private struct Dropped: Error, CustomStringConvertible {
        var description: String { "not read to the end" }
    }

    private let exchange: HTTPExchange
    /// The client lives as long as its bodies.
    private let client: HTTPClient
    private let entry: HTTPTraceEntry?

    init(_ exchange: HTTPExchange, client: HTTPClient, entry: HTTPTraceEntry?) {
        self.exchange = exchange
        self.client = client
        self.entry = entry
    }

    deinit {
        exchange.cancel()
        entry?.end(Dropped())
    }

    func next() async throws -> Data? {
        do {
            let data = try await exchange.next()
            if let data { entry?.received(data) } else { entry?.end(nil) }
            return data
        } catch {
            entry?.end(error)
            throw error
        }
    }
}
