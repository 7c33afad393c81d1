import Foundation

/// Where a Tinker-compatible server is and how it is spoken to.
package struct TinkerConfiguration: Sendable {
    package enum Wire: String, Hashable, Sendable, Codable, CaseIterable {
        /// Protobuf, and JSON where a server refuses it.
        case auto
        case proto
        case json
    }

    /// The service of the company that defined the protocol.
    package static let production = "https://tinker.thinkingmachines.dev/services/tinker-prod"

    /// Without a `/` at its end.
    package let base: String
    /// The server's host, for what a person reads.
    package let host: String
    package var key: Secret
    /// Where the key came from, for errors.
    package var keyVariable: String
    package var wire: Wire
    /// The service's name in notices.
    package var service = "tinker"
    package var product = "oven"
    package var project: String?
    package var tags: [String] = []
    /// How long a request that fails is sent again.
    package var longestRetry: Duration = .seconds(300)
    /// How long a result may take altogether; nil for as long as the server says that it comes.
    package var resultDeadline: Duration?
    /// How long the server may fail to answer before a result is given up.
    package var longestOutage: Duration = .seconds(900)
    /// nil sends none.
    package var heartbeatInterval: Duration? = .seconds(10)
    /// Most bytes of one result.
    package var resultByteLimit = 512 << 20
    /// Most bytes of an adapter.
    package var downloadByteLimit = 64 << 30

    /// - Throws: ``TinkerError`` for an address that is not one.
    package init(
        base: String = production, key: Secret, keyVariable: String = "TINKER_API_KEY",
        wire: Wire = .auto
    ) throws(TinkerError) {
        var base = Substring(base)
        while base.last == "/" { base.removeLast() }
        guard let url = URL(string: String(base)), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = url.host(), !host.isEmpty,
            url.user == nil, url.query == nil, url.fragment == nil
        else {
            throw .failed(
                what: "the address of the server",
                why: "write it as https://HOST/PATH, without a key or a question mark")
        }
        self.base = String(base)
        self.host = host
        self.key = key
        self.keyVariable = keyVariable
        self.wire = wire
    }

    var isProduction: Bool { host == "tinker.thinkingmachines.dev" }
}

/// What a server wants of its clients; what it does not say is as the protocol defines it.
struct TinkerFlags: Hashable {
    var exchangesKey = false
    var chunkDatumCount = 1024
    var chunkByteCount = 5_000_000
    var longestBillingPause: Duration = .seconds(3600)

    init() {}

    init(_ answer: TinkerWire.ClientConfigAnswer) {
        exchangesKey = answer.pjwtAuthEnabled?.value ?? exchangesKey
        if let count = answer.fwdbwdMaxChunkLen?.value, count > 0 { chunkDatumCount = count }
        if let count = answer.fwdbwdMaxChunkBytesCount?.value, count > 0 { chunkByteCount = count }
        if let seconds = answer.billingExceptionMaxPauseDurationSec?.value, seconds >= 0 {
            longestBillingPause = .seconds(min(seconds, 86400))
        }
    }
}
