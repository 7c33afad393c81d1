internal import CCurl
internal import Foundation

/// The transfers of one client. It belongs to the thread of a ``CurlLoop`` and is used on no other.
final class CurlRunner {
    struct Configuration: Sendable {
        var userAgent: String
        /// Requests under way at once per origin; further ones wait for their turn.
        var connectionsPerHost: Int
        /// File of authorities instead of the system's.
        var certificates: String?
    }

    let multi: UnsafeMutableRawPointer
    private let configuration: Configuration
    private var transfers: [ObjectIdentifier: CurlTransfer] = [:]
    private var exchanges: [UnsafeMutableRawPointer: ObjectIdentifier] = [:]
    /// By origin; no transfer until it is their turn.
    private var waiting: [String: [HTTPExchange]] = [:]
    private var activeCounts: [String: Int] = [:]

    /// - Returns: nil without memory.
    init?(_ configuration: Configuration) {
        guard Self.isLibraryReady, let multi = curl_multi_init() else { return nil }
        self.multi = multi
        self.configuration = configuration
        // As many as may be in use stay open for the next requests.
        ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.connectionsPerHost + 16)
    }

    private static let isLibraryReady = ccurl_global_init() == CURLE_OK

    func start(_ exchange: HTTPExchange) {
        guard !exchange.isCancelled else { return }
        waiting[exchange.request.address.origin, default: []].append(exchange)
        startWaiting(at: exchange.request.address.origin)
    }

    func resume(_ exchange: HTTPExchange) { transfers[ObjectIdentifier(exchange)]?.resume() }

    func remove(_ exchange: HTTPExchange) {
        let origin = exchange.request.address.origin
        if let transfer = transfers[ObjectIdentifier(exchange)] {
            drop(transfer)
            startWaiting(at: origin)
        } else {
            waiting[origin]?.removeAll { $0 === exchange }
        }
    }

    /// Transfers what there is, and returns when there may be something else to do.
    func work() {
        var runningCount: Int32 = 0
        curl_multi_perform(multi, &runningCount)
        finishDone()
        let now = ContinuousClock.now
        finishOverdue(at: now)
        let deadlines =
            transfers.values.compactMap(\.deadline)
            + waiting.values.joined().compactMap(\.request.end)
        let rest = deadlines.min().map { now.duration(to: $0) / .milliseconds(1) } ?? 60_000
        // Rounded up: otherwise the last millisecond is spent in a hurry.
        curl_multi_poll(multi, nil, 0, Int32(min(max(rest, 0), 60_000).rounded(.up)), nil)
    }

    /// Breaks everything off.
    func end() {
        for transfer in Array(transfers.values) {
            drop(transfer)
            let host = transfer.exchange.request.address.name
            transfer.exchange.finish(.cut(host: host, why: "the client is closed"))
        }
        for exchange in waiting.values.joined() {
            let host = exchange.request.address.name
            exchange.finish(.cannotConnect(host: host, why: "the client is closed"))
        }
        waiting = [:]
        curl_multi_cleanup(multi)
    }

    private func startWaiting(at origin: String) {
        while activeCounts[origin, default: 0] < configuration.connectionsPerHost,
            let exchange = waiting[origin]?.first
        {
            waiting[origin]?.removeFirst()
            begin(exchange)
        }
        if waiting[origin]?.isEmpty ?? false { waiting[origin] = nil }
    }

    private func begin(_ exchange: HTTPExchange) {
        let host = exchange.request.address.name
        guard let transfer = CurlTransfer(exchange) else {
            exchange.finish(.cannotConnect(host: host, why: "no memory"))
            return
        }
        guard
            transfer.prepare(
                userAgent: configuration.userAgent, certificates: configuration.certificates),
            curl_multi_add_handle(multi, transfer.easy) == CURLM_OK
        else {
            exchange.finish(.invalidRequest("libcurl \(LIBCURL_VERSION) does not take it"))
            return
        }
        transfers[ObjectIdentifier(exchange)] = transfer
        exchanges[transfer.easy] = ObjectIdentifier(exchange)
        activeCounts[exchange.request.address.origin, default: 0] += 1
    }

    /// Ends a transfer: a connection in the middle of an answer closes.
    private func drop(_ transfer: CurlTransfer) {
        curl_multi_remove_handle(multi, transfer.easy)
        exchanges[transfer.easy] = nil
        transfers[ObjectIdentifier(transfer.exchange)] = nil
        let origin = transfer.exchange.request.address.origin
        let count = activeCounts[origin, default: 1] - 1
        activeCounts[origin] = count > 0 ? count : nil
    }

    private func finish(_ transfer: CurlTransfer, _ error: HTTPError?) {
        drop(transfer)
        transfer.exchange.finish(error)
        startWaiting(at: transfer.exchange.request.address.origin)
    }

    private func finishDone() {
        var count: Int32 = 0
        while let message = curl_multi_info_read(multi, &count) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = exchanges[easy].flatMap({ transfers[$0] })
            else { continue }
            finish(transfer, transfer.error(message.pointee.data.result))
        }
    }

    private func finishOverdue(at now: ContinuousClock.Instant) {
        for transfer in Array(transfers.values) {
            if let error = transfer.overdue(at: now) { finish(transfer, error) }
        }
        for (origin, exchanges) in waiting {
            let overdue = exchanges.filter { $0.request.end.map { $0 <= now } ?? false }
            guard !overdue.isEmpty else { continue }
            waiting[origin]?.removeAll { exchange in overdue.contains { $0 === exchange } }
            for exchange in overdue {
                exchange.finish(
                    .timedOut(
                        host: exchange.request.address.name, waitingFor: "the whole answer"))
            }
        }
    }
}
