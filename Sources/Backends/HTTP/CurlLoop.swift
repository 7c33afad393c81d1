internal import CCurl
internal import Foundation
internal import Synchronization

/// A thread that drives all transfers of one client: libcurl waits in its own calls, which must not
/// sit on the shared threads. It ends with ``close()``.
final class CurlLoop: Sendable {
    enum Command {
        case start(HTTPExchange)
        /// The reader has caught up.
        case resume(HTTPExchange)
        case remove(HTTPExchange)
    }

    /// libcurl's handle of many transfers.
    ///
    /// Only the loop's thread uses it, except for `curl_multi_wakeup`, which may come from any thread
    /// and is called while ``inbox`` is locked and still has the handle.
    private struct Handle: @unchecked Sendable {
        var pointer: UnsafeMutableRawPointer
    }

    private struct Inbox {
        var commands: [Command] = []
        var isClosed = false
        /// While it can be woken.
        var handle: Handle?
    }

    private let inbox = Mutex(Inbox())

    init(_ configuration: CurlRunner.Configuration) {
        let thread = Thread { [self] in run(configuration) }
        thread.name = "oven.http"
        // Also keeps SIGPIPE away, which a TLS library may cause by writing.
        thread.startWithoutSignals()
    }

    func post(_ command: Command) {
        let isLate = inbox.withLock { inbox in
            guard !inbox.isClosed else { return true }
            inbox.commands.append(command)
            if let handle = inbox.handle { curl_multi_wakeup(handle.pointer) }
            return false
        }
        if isLate, case .start(let exchange) = command { Self.refuse(exchange) }
    }

    /// Breaks off all transfers and ends the thread soon.
    func close() {
        inbox.withLock { inbox in
            inbox.isClosed = true
            if let handle = inbox.handle { curl_multi_wakeup(handle.pointer) }
        }
    }

    private static func refuse(_ exchange: HTTPExchange) {
        exchange.finish(
            .cannotConnect(host: exchange.request.address.name, why: "the client is closed"))
    }

    private func run(_ configuration: CurlRunner.Configuration) {
        let runner = CurlRunner(configuration)
        if let runner { inbox.withLock { $0.handle = Handle(pointer: runner.multi) } }
        while true {
            let (commands, isClosed) = inbox.withLock { inbox in
                defer { inbox.commands = [] }
                if runner == nil { inbox.isClosed = true }
                if inbox.isClosed { inbox.handle = nil }
                return (inbox.commands, inbox.isClosed)
            }
            guard let runner, !isClosed else {
                for case .start(let exchange) in commands { Self.refuse(exchange) }
                runner?.end()
                return
            }
            for command in commands {
                switch command {
                case .start(let exchange): runner.start(exchange)
                case .resume(let exchange): runner.resume(exchange)
                case .remove(let exchange): runner.remove(exchange)
                }
            }
            runner.work()
        }
    }
}
