import Baking
import Foundation
import Synchronization
import Testing
import Transformer

@testable import Backends

/// A client before a ``ClientServer``, on a clock that takes no time.
struct ClientHarness {
    let server: ClientServer
    /// Unless a test has its own.
    let clock = ClientClock()
    let client: TinkerClient
    let notices = Notices()

    final class Notices: Sendable {
        private let list = Mutex<[ServiceNotice]>([])
        var all: [ServiceNotice] { list.withLock { $0 } }
        func add(_ notice: ServiceNotice) { list.withLock { $0.append(notice) } }

        /// Notes and warnings.
        var texts: [String] {
            all.compactMap {
                switch $0 {
                case .note(_, let text), .warning(_, let text): text
                default: nil
                }
            }
        }

        /// What was waited for.
        var reasons: [String] {
            all.compactMap { if case .waiting(_, let reason, _) = $0 { reason } else { nil } }
        }
    }

    static let base = "http://server.test/prefix"
    static let key = "tml-very-secret"

    /// - Parameter configure: Without heartbeats at first.
    init(
        _ options: ClientServer.Options = ClientServer.Options(),
        clock other: VirtualClock? = nil,
        configure: (inout TinkerConfiguration) -> Void = { _ in }
    ) throws {
        server = ClientServer(options)
        var configuration = try TinkerConfiguration(
            base: Self.base, key: #require(Secret(Self.key)))
        configuration.heartbeatInterval = nil
        configure(&configuration)
        let time: any ServiceClock = if let other { other } else { clock }
        client = TinkerClient(
            configuration: configuration,
            caller: HTTPCaller(transport: server, clock: time, random: { 0.5 }),
            notify: { [notices] in notices.add($0) })
    }

    /// With one fault for each request that `fault` names.
    init(
        fault: @escaping @Sendable (ClientServer.Call) -> ClientServer.Fault?,
        configure: (inout TinkerConfiguration) -> Void = { _ in }
    ) throws {
        var options = ClientServer.Options()
        options.fault = fault
        try self.init(options, configure: configure)
    }

    func model() async throws -> any TinkerTrainingModel {
        try await client.makeModel("org/base", TinkerAdapter(rank: 8, seed: 3))
    }

    static func datum(_ target: Int, count: Int = 2) -> TinkerDatum {
        TinkerDatum(
            tokens: (0..<count).map { TokenID($0 + 1) },
            targets: (0..<count).map { TokenID(target + $0) },
            weights: [Float](repeating: 1, count: count), columnCount: nil)
    }

    static func adam(_ rate: Int = 100) -> TinkerAdam {
        TinkerAdam(
            learningRate: Double(rate) / 1e6, beta1: 0.9, beta2: 0.95, epsilon: 1e-8,
            weightDecay: 0, gradientClip: 1)
    }

    static let lost = HTTPError.cut(host: "server.test", why: "reset")
    static let absent = HTTPError.cannotConnect(host: "server.test", why: "refused")
}
