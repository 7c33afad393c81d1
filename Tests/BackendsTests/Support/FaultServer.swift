import Foundation
import Synchronization

/// A server on loopback that keeps no rule it is not told to keep: every connection runs a script on
/// a thread of its own. It ends with the value, and all its connections with it.
final class FaultServer: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        /// `GET /path HTTP/1.1`
        var line: String
        /// Names in lower case.
        var headers: [String: String]
        var body: Data

        var path: String {
            line.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        }
    }

    let port: UInt16
    private let listener: Descriptor
    private let shared: Shared

    /// - Parameter script: What a connection does; when it returns, the connection is closed.
    init(_ script: @escaping @Sendable (FaultConnection) -> Void) throws {
        let listener = Descriptor(socket(AF_INET, Self.stream, 0))
        var one: Int32 = 1
        setsockopt(
            listener.number, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener.number, address, size) == 0 && listen(listener.number, 256) == 0
                    && getsockname(listener.number, address, &size) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: address.sin_port)
        self.listener = listener
        let shared = Shared()
        self.shared = shared
        let thread = Thread { shared.accept(from: listener, script: script) }
        thread.start()
    }

    deinit { stop() }

    /// `http://127.0.0.1:PORT` and `path`.
    func url(_ path: String = "/") -> URL {
        URL(string: "http://127.0.0.1:\(port)\(path)") ?? URL(filePath: path)
    }

    /// Connections that were opened so far.
    var connectionCount: Int { shared.state.withLock { $0.count } }

    /// All requests that scripts read so far.
    var requests: [Request] { shared.state.withLock { $0.requests } }

    /// Refuses further connections and closes those there are.
    func stop() {
        let open = shared.state.withLock { state in
            state.isStopped = true
            return state.open
        }
        // A thread that waits in a call notices this, but not that the descriptor was closed.
        shutdown(listener.number, Int32(SHUT_RDWR))
        for descriptor in open.values { shutdown(descriptor.number, Int32(SHUT_RDWR)) }
    }

    /// A port of loopback on which nobody listens.
    static func closedPort() throws -> UInt16 {
        let server = try FaultServer { _ in }
        return server.port
    }

    #if canImport(Darwin)
        static let stream = SOCK_STREAM
    #else
        static let stream = Int32(SOCK_STREAM.rawValue)
    #endif

    /// What the server and its threads know together.
    fileprivate final class Shared: Sendable {
        struct State {
            var count = 0
            var isStopped = false
            var open: [Int: Descriptor] = [:]
            var requests: [Request] = []
        }

        let state = Mutex(State())

        func accept(
            from listener: Descriptor, script: @escaping @Sendable (FaultConnection) -> Void
        ) {
            while true {
                let number = Foundation.accept(listener.number, nil, nil)
                guard number >= 0 else { return }
                let descriptor = Descriptor(number)
                let index: Int? = state.withLock { state in
                    guard !state.isStopped else { return nil }
                    state.count += 1
                    state.open[state.count - 1] = descriptor
                    return state.count - 1
                }
                guard let index else { return }
                let connection = FaultConnection(index: index, descriptor: descriptor) { request in
                    self.state.withLock { $0.requests.append(request) }
                }
                let thread = Thread {
                    script(connection)
                    shutdown(descriptor.number, Int32(SHUT_RDWR))
                    self.state.withLock { $0.open[index] = nil }
                }
                thread.start()
            }
        }
    }
}

/// A file descriptor that is closed when nobody has it any more.
final class Descriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }
}
