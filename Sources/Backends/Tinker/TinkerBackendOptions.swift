/// How a bake on a Tinker server is done.
package struct TinkerBackendOptions: Hashable, Sendable {
    /// The service's name in notices.
    package var serviceName: String
    /// The server's base URL, without a key; stands in checkpoints, so that they are not sought
    /// elsewhere.
    package var server: String
    /// Whether a server that takes one target per position gets every example K times.
    package var allowsSplitTargets: Bool
    /// Whether a teacher that does not tell its likeliest tokens is asked for the response's own
    /// tokens instead, so that a row is that token and the rest.
    package var allowsResponseTokenRows: Bool
    /// How long the server keeps checkpoints; nil for ever, which is paid for.
    package var checkpointLifetime: Duration?
    /// Requests in flight.
    package var concurrency: Int
    /// K of a verification.
    package var measuredTopK: Int

    package init(
        serviceName: String = "tinker", server: String, allowsSplitTargets: Bool = false,
        allowsResponseTokenRows: Bool = false,
        checkpointLifetime: Duration? = .seconds(7 * 24 * 3600), concurrency: Int = 20,
        measuredTopK: Int = 20
    ) {
        precondition(concurrency >= 1 && measuredTopK >= 1)
        self.serviceName = serviceName
        self.server = server
        self.allowsSplitTargets = allowsSplitTargets
        self.allowsResponseTokenRows = allowsResponseTokenRows
        self.checkpointLifetime = checkpointLifetime
        self.concurrency = concurrency
        self.measuredTopK = measuredTopK
    }
}
