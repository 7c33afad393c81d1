internal import Foundation
internal import Synchronization

/// One request and its answer between the task that waits for it and the thread that transfers it.
final class HTTPExchange: Sendable {
    /// Bytes that may wait unread; then the transfer pauses.
    static let bufferLimit = 1 << 20

    /// What became of bytes that came in.
    enum Reception {
        case taken
        /// Nothing was taken: offer them again after the pause.
        case full
        /// Nobody wants them any more.
        case unwanted
    }

    private enum End {
        case whole
        case failed(HTTPError)
        case cancelled

        var result: Result<Data?, any Error> {
            switch self {
            case .whole: .success(nil)
            case .failed(let error): .failure(error)
            case .cancelled: .failure(CancellationError())
            }
        }
    }

    private struct State {
        var head: ResponseHead?
        var headWaiter: CheckedContinuation<ResponseHead, any Error>?
        var buffer = Data()
        var reader: CheckedContinuation<Data?, any Error>?
        var isPaused = false
        var end: End?

        mutating func takeHeadWaiter() -> CheckedContinuation<ResponseHead, any Error>? {
            defer { headWaiter = nil }
            return headWaiter
        }

        mutating func takeReader() -> CheckedContinuation<Data?, any Error>? {
            defer { reader = nil }
            return reader
        }
    }

    let request: CurlRequest
    private let loop: CurlLoop
    private let state = Mutex(State())

    init(_ request: CurlRequest, loop: CurlLoop) {
        self.request = request
        self.loop = loop
    }

    // MARK: The task's side

    /// Begins the transfer and waits for the head. Called once.
    func start() async throws -> ResponseHead {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.end != nil { return true }
                    state.headWaiter = continuation
                    return false
                }
                if isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    loop.post(.start(self))
                }
            }
        } onCancel: {
            cancel()
        }
    }

    /// What came since the last call; nil at the end of the body.
    func next() async throws -> Data? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (result, resumes) = state.withLock { state in
                    read(from: &state, continuation)
                }
                if resumes { loop.post(.resume(self)) }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            cancel()
        }
    }

    private func read(
        from state: inout State, _ continuation: CheckedContinuation<Data?, any Error>
    ) -> (result: Result<Data?, any Error>?, resumes: Bool) {
        if !state.buffer.isEmpty {
            let data = state.buffer
            state.buffer = Data()
            let resumes = state.isPaused
            state.isPaused = false
            return (.success(data), resumes)
        }
        if let end = state.end { return (end.result, false) }
        guard state.reader == nil else {
            return (.failure(HTTPError.invalidRequest("its answer is read twice")), false)
        }
        state.reader = continuation
        return (nil, false)
    }

    /// Breaks the transfer off, if it has not ended.
    func cancel() {
        let (head, reader, removes) = state.withLock { state in
            let removes = state.end == nil
            // A body that was not read to its end must not look whole.
            if removes || !state.buffer.isEmpty { state.end = .cancelled }
            state.buffer = Data()
            return (state.takeHeadWaiter(), state.takeReader(), removes)
        }
        head?.resume(throwing: CancellationError())
        reader?.resume(throwing: CancellationError())
        if removes { loop.post(.remove(self)) }
    }

    // MARK: The thread's side

    var isCancelled: Bool {
        state.withLock { if case .cancelled = $0.end { true } else { false } }
    }

    func deliver(_ head: ResponseHead) {
        let waiter = state.withLock { state in
            state.head = head
            return state.takeHeadWaiter()
        }
        waiter?.resume(returning: head)
    }

    func offer(_ bytes: UnsafeRawBufferPointer) -> Reception {
        let (reception, reader) = state.withLock {
            state -> (Reception, CheckedContinuation<Data?, any Error>?) in
            guard state.end == nil else { return (.unwanted, nil) }
            if let reader = state.takeReader() { return (.taken, reader) }
            guard state.buffer.count < Self.bufferLimit else {
                state.isPaused = true
                return (.full, nil)
            }
            state.buffer.append(contentsOf: bytes)
            return (.taken, nil)
        }
        reader?.resume(returning: Data(bytes))
        return reception
    }

    /// The transfer is over; an answer without a head is none.
    func finish(_ error: HTTPError?) {
        let (head, reader, end) = state.withLock { state in
            let isHeadless = state.head == nil
            let missing = HTTPError.cut(host: request.address.name, why: "no answer came")
            let failure = error ?? (isHeadless ? missing : nil)
            let end = state.end ?? failure.map { .failed($0) } ?? .whole
            state.end = end
            return (state.takeHeadWaiter(), state.takeReader(), end)
        }
        if case .failure(let error) = end.result { head?.resume(throwing: error) }
        reader?.resume(with: end.result)
    }
}
