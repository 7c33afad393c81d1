import Foundation
import Synchronization

/// One connection of a ``FaultServer``, used by its script's thread.
final class FaultConnection: Sendable {
    /// How many connections came before it.
    let index: Int
    private let descriptor: Descriptor
    private let unread = Mutex(Data())
    private let onRequest: @Sendable (FaultServer.Request) -> Void

    init(
        index: Int, descriptor: Descriptor,
        onRequest: @escaping @Sendable (FaultServer.Request) -> Void
    ) {
        self.index = index
        self.descriptor = descriptor
        self.onRequest = onRequest
    }

    /// The next request with its body, which needs a `Content-Length`; nil when the client is gone.
    func request() -> FaultServer.Request? {
        var data = unread.withLock { $0 }
        let end = Data("\r\n\r\n".utf8)
        while true {
            if let range = data.range(of: end) {
                let head = String(decoding: data[..<range.lowerBound], as: UTF8.self)
                var lines = head.components(separatedBy: "\r\n")
                var request = FaultServer.Request(
                    line: lines.removeFirst(), headers: [:], body: Data())
                for line in lines {
                    let parts = line.split(
                        separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                    guard parts.count == 2 else { continue }
                    request.headers[parts[0].lowercased()] =
                        parts[1].trimmingCharacters(in: .whitespaces)
                }
                let count = request.headers["content-length"].flatMap { Int($0) } ?? 0
                if data.count - range.upperBound >= count {
                    request.body = Data(data[range.upperBound..<range.upperBound + count])
                    let rest = Data(data[(range.upperBound + count)...])
                    unread.withLock { $0 = rest }
                    onRequest(request)
                    return request
                }
            }
            guard let piece = receive() else { return nil }
            data.append(piece)
        }
    }

    /// Whether the client took all of it (or the system for it).
    @discardableResult
    func send(_ text: String) -> Bool {
        let data = Data(text.utf8)
        return send(data) == data.count
    }

    /// Bytes that were taken before the client closed the connection.
    @discardableResult
    func send(_ data: Data) -> Int {
        data.withUnsafeBytes { bytes in
            var count = 0
            while count < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[count...])
                #if canImport(Darwin)
                    let flags: Int32 = 0
                #else
                    let flags = Int32(MSG_NOSIGNAL)
                #endif
                let sent = Foundation.send(descriptor.number, rest.baseAddress, rest.count, flags)
                guard sent > 0 else { break }
                count += sent
            }
            return count
        }
    }

    /// A whole answer with the right length.
    @discardableResult
    func answer(_ status: Int = 200, _ body: String = "", headers: [String] = []) -> Bool {
        let lines = headers.map { $0 + "\r\n" }.joined()
        return send(
            "HTTP/1.1 \(status) X\r\n\(lines)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Returns when the client has closed the connection; what it sent until then is dropped.
    func waitForClose() {
        while receive() != nil {}
    }

    /// Breaks the connection so that the client sees a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor.number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        // An unconnected address of no family disconnects, which with the option above is a reset.
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        connect(descriptor.number, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }

    private func receive() -> Data? {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor.number, &bytes, bytes.count, 0)
        return count > 0 ? Data(bytes[..<count]) : nil
    }
}
