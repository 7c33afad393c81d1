internal import CCurl
internal import Foundation

/// One transfer of libcurl. It belongs to the thread of a ``CurlLoop`` and is used on no other.
final class CurlTransfer {
    let exchange: HTTPExchange
    let easy: UnsafeMutableRawPointer
    private var list: UnsafeMutablePointer<curl_slist>?
    private let body: UnsafeMutableRawBufferPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var head = ResponseHead()
    private var uploadedCount: curl_off_t = 0
    /// Why our own callbacks broke the transfer off.
    private var refusal: HTTPError?
    /// What is waited for, and until when; none while the reader is slow.
    private var awaited: (what: String, until: ContinuousClock.Instant)?

    private var request: CurlRequest { exchange.request }

    /// - Returns: nil without memory.
    init?(_ exchange: HTTPExchange) {
        guard let easy = curl_easy_init() else { return nil }
        self.exchange = exchange
        self.easy = easy
        let data = exchange.request.body ?? Data()
        body = UnsafeMutableRawBufferPointer.allocate(byteCount: max(data.count, 1), alignment: 1)
        data.copyBytes(to: body)
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        wait(for: "a connection", exchange.request.timeouts.connect)
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(list)
        body.deallocate()
        errorText.deallocate()
    }

    // MARK: Time

    /// When something is overdue.
    var deadline: ContinuousClock.Instant? {
        [awaited?.until, request.end].compactMap { $0 }.min()
    }

    /// What is overdue.
    func overdue(at now: ContinuousClock.Instant) -> HTTPError? {
        let host = request.address.name
        if let end = request.end, end <= now {
            return .timedOut(host: host, waitingFor: "the whole answer")
        }
        guard let awaited, awaited.until <= now else { return nil }
        return .timedOut(host: host, waitingFor: awaited.what)
    }

    private func wait(for what: String, _ duration: Duration) {
        awaited = (what, .now + HTTPTimeouts.bounded(duration))
    }

    /// Goes on after the reader has caught up.
    func resume() {
        wait(for: "more of the answer", request.timeouts.idle)
        _ = ccurl_continue(easy)
    }

    // MARK: Options

    /// - Parameter certificates: File of authorities instead of the system's.
    /// - Returns: Whether libcurl can do what is asked.
    func prepare(userAgent: String, certificates: String?) -> Bool {
        let me = Unmanaged.passUnretained(self).toOpaque()
        var codes = [
            ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText),
            ccurl_set_string(easy, CURLOPT_URL, request.address.text),
            ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https"),
            ccurl_set_string(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https"),
            ccurl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0),
            ccurl_set_long(easy, CURLOPT_SSL_VERIFYPEER, 1),
            ccurl_set_long(easy, CURLOPT_SSL_VERIFYHOST, 2),
            ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1),
            ccurl_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1),
            ccurl_set_string(easy, CURLOPT_USERAGENT, userAgent),
            ccurl_set_callback_write(easy, CURLOPT_HEADERFUNCTION, onHeader),
            ccurl_set_pointer(easy, CURLOPT_HEADERDATA, me),
            ccurl_set_callback_write(easy, CURLOPT_WRITEFUNCTION, onBody),
            ccurl_set_pointer(easy, CURLOPT_WRITEDATA, me),
            ccurl_set_callback_prerequest(easy, CURLOPT_PREREQFUNCTION, onConnection),
            ccurl_set_pointer(easy, CURLOPT_PREREQDATA, me),
        ]
        // libcurl shares this time out among the addresses of a host.
        let connect = HTTPTimeouts.bounded(request.timeouts.connect) / .milliseconds(1)
        codes.append(
            ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Int(min(max(connect, 1), 2e9))))
        if let certificates {
            codes.append(ccurl_set_string(easy, CURLOPT_CAINFO, certificates))
        }
        codes += methodOptions(me)
        codes += headerOptions()
        // These only make it better.
        _ = ccurl_set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
        _ = ccurl_set_long(easy, CURLOPT_PIPEWAIT, request.address.scheme == "https" ? 1 : 0)
        _ = ccurl_set_long(easy, CURLOPT_BUFFERSIZE, 128 << 10)
        _ = ccurl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
        // A name that cannot be resolved must not hold up the other transfers when it is given up.
        _ = ccurl_set_long(easy, CURLOPT_QUICK_EXIT, 1)
        return codes.allSatisfy { $0 == CURLE_OK }
    }

    private func methodOptions(_ me: UnsafeMutableRawPointer) -> [CURLcode] {
        let method = request.method
        guard request.body != nil || method == .post || method == .put else {
            switch method {
            case .get: return [ccurl_set_long(easy, CURLOPT_HTTPGET, 1)]
            case .head: return [ccurl_set_long(easy, CURLOPT_NOBODY, 1)]
            default: return [ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, method.rawValue)]
            }
        }
        let count = curl_off_t(request.body?.count ?? 0)
        return [
            ccurl_set_long(easy, CURLOPT_POST, 1),
            ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, count),
            ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, body.baseAddress),
            ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, method.rawValue),
            ccurl_set_callback_progress(easy, CURLOPT_XFERINFOFUNCTION, onProgress),
            ccurl_set_pointer(easy, CURLOPT_XFERINFODATA, me),
            ccurl_set_long(easy, CURLOPT_NOPROGRESS, 0),
        ]
    }

    private func headerOptions() -> [CURLcode] {
        // libcurl waits for a "100 Continue" and names a type of its own unless told otherwise.
        var lines = ["Expect:"]
        if request.headers["Content-Type"] == nil { lines.append("Content-Type:") }
        for field in request.headers.fields {
            let value = field.value.trimmingCharacters(in: .whitespaces)
            lines.append(value.isEmpty ? "\(field.name);" : "\(field.name): \(value)")
        }
        for line in lines {
            guard let longer = curl_slist_append(list, line) else { return [CURLE_OUT_OF_MEMORY] }
            list = longer
        }
        return [ccurl_set_list(easy, CURLOPT_HTTPHEADER, list)]
    }

    // MARK: What libcurl tells

    fileprivate func connected() { wait(for: "the answer", request.timeouts.firstByte) }

    fileprivate func uploaded(_ count: curl_off_t) {
        guard count > uploadedCount, !head.isComplete else { return }
        uploadedCount = count
        wait(for: "the answer", request.timeouts.firstByte)
    }

    /// - Returns: Whether to go on.
    fileprivate func receivedHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        let wasComplete = head.isComplete
        guard head.append(line) else {
            refusal = .tooLarge(limit: ResponseHead.byteLimit, host: request.address.name)
            return false
        }
        if head.isComplete, !wasComplete {
            wait(for: "more of the answer", request.timeouts.idle)
            exchange.deliver(head)
        }
        return true
    }

    fileprivate func received(_ bytes: UnsafeRawBufferPointer) -> HTTPExchange.Reception {
        let reception = exchange.offer(bytes)
        switch reception {
        case .taken: wait(for: "more of the answer", request.timeouts.idle)
        case .full: awaited = nil
        case .unwanted: break
        }
        return reception
    }

    /// How it ended.
    func error(_ code: CURLcode) -> HTTPError? {
        if let refusal { return refusal }
        var systemError = 0
        _ = ccurl_get_long(easy, CURLINFO_OS_ERRNO, &systemError)
        return HTTPError(
            code, text: String(cString: errorText),
            systemError: Int32(truncatingIfNeeded: systemError),
            host: request.address.name)
    }
}

private func transfer(_ pointer: UnsafeMutableRawPointer?) -> CurlTransfer? {
    pointer.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
}

private let onHeader: curl_write_callback = { bytes, size, count, pointer in
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    guard let transfer = transfer(pointer), transfer.receivedHeader(line) else { return 0 }
    return line.count
}

private let onBody: curl_write_callback = { bytes, size, count, pointer in
    let bytes = UnsafeRawBufferPointer(start: bytes, count: size * count)
    guard !bytes.isEmpty else { return 0 }
    return switch transfer(pointer)?.received(bytes) {
    case .taken: bytes.count
    case .full: Int(CURL_WRITEFUNC_PAUSE)
    case .unwanted, nil: 0
    }
}

private let onConnection: curl_prereq_callback = { pointer, _, _, _, _ in
    transfer(pointer)?.connected()
    return CURL_PREREQFUNC_OK
}

private let onProgress: curl_xferinfo_callback = { pointer, _, _, _, uploadedCount in
    transfer(pointer)?.uploaded(uploadedCount)
    return 0
}
