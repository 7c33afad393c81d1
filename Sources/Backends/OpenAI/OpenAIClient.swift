package import Baking
package import Foundation
import Transformer

/// Speaks with one server that offers chat completions.
package struct OpenAIClient: Sendable {
    /// As the settings name the service.
    package let name: String
    /// The address before `/chat/completions`, without a slash at its end.
    package let base: URL
    /// The variable the key is read from.
    package let keyVariable: String?
    package let caller: HTTPCaller
    let notify: @Sendable (ServiceNotice) -> Void
    private let key: Secret?
    private let habits = Habits()

    /// What was learned of the server.
    private actor Habits {
        private(set) var adjustments: [OpenAIAdjustment] = []
        private var flavour: OpenAIFlavour?

        /// False when it was known.
        func learn(_ adjustment: OpenAIAdjustment) -> Bool {
            guard !adjustments.contains(adjustment) else { return false }
            adjustments.append(adjustment)
            return true
        }

        func flavour(_ find: () async -> OpenAIFlavour) async -> OpenAIFlavour {
            if let flavour { return flavour }
            let found = await find()
            flavour = found
            return found
        }
    }

    /// - Parameters:
    ///   - base: http or https, with or without a slash at its end.
    ///   - key: nil for a server that wants none.
    ///   - keyVariable: Named where the key is missing or refused.
    package init(
        name: String, base: URL, key: Secret?, keyVariable: String?, caller: HTTPCaller,
        notify: @escaping @Sendable (ServiceNotice) -> Void = { _ in }
    ) {
        self.name = name
        let text = base.absoluteString
        let trimmed = String(text.prefix(text.count - text.reversed().prefix { $0 == "/" }.count))
        self.base = URL(string: trimmed) ?? base
        self.key = key
        self.keyVariable = keyVariable
        self.caller = caller
        self.notify = notify
    }

    /// One answer as it comes; its `finished` event says that it is complete. Ending the iteration
    /// breaks the transfer off.
    ///
    /// - Throws: ``OpenAIError``.
    package func chat(_ request: OpenAIChatRequest) -> AsyncThrowingStream<OpenAIEvent, any Error> {
        AsyncThrowingStream { emit in try await converse(request, emit: emit) }
    }

    /// One answer as it comes, to `emit`. Fields that the server does not take are left out from then
    /// on; nothing else is tried again.
    ///
    /// - Throws: ``OpenAIError``, or `CancellationError`.
    private func converse(
        _ request: OpenAIChatRequest, emit: @escaping @Sendable (OpenAIEvent) -> Void
    ) async throws {
        let flavour = await flavour()
        while true {
            let body = await wire(request, flavour: flavour)
            do {
                return try await attempt(request, body: body, emit: emit)
            } catch OpenAIError.refused(let refusal) {
                // Every adjustment removes the field it is about, so this comes to an end.
                guard let adjustment = OpenAIAdjustment(for: refusal, of: body) else {
                    throw OpenAIError.refused(refusal)
                }
                if await habits.learn(adjustment) {
                    notify(.note(service: name, adjustment.note))
                }
            }
        }
    }

    /// What kind of server this is; asks it where the address does not tell.
    package func flavour() async -> OpenAIFlavour {
        await habits.flavour {
            if let known = OpenAIFlavour(base) { return known }
            // Ollama at another port; https is not how one runs it.
            guard base.scheme == "http",
                var parts = URLComponents(url: base, resolvingAgainstBaseURL: false)
            else { return .other }
            parts.path = "/api/version"
            guard let url = parts.url else { return .other }
            let timeouts = HTTPTimeouts(
                connect: .seconds(5), firstByte: .seconds(5), idle: .seconds(5), total: .seconds(5))
            // Whatever goes wrong here, the chat itself will say.
            let answer = try? await caller.call(
                HTTPRequest(.get, url, timeouts: timeouts), policy: .never, limit: 1 << 16)
            guard let answer,
                let value = try? JSONDecoder().decode(WireValue.self, from: answer.body)
            else { return .other }
            return value["version"]?.text == nil ? .other : .ollama
        }
    }

    /// How long this server may take.
    var timeouts: HTTPTimeouts {
        let isRemote = base.scheme == "https" && !isLocal
        return isRemote
            ? HTTPTimeouts(firstByte: .seconds(120), idle: .seconds(60))
            : HTTPTimeouts(firstByte: .seconds(600), idle: .seconds(300))
    }

    private var isLocal: Bool {
        let host = base.host()?.lowercased() ?? ""
        return ["localhost", "::1"].contains(host) || host.hasPrefix("127.")
            || host.hasSuffix(".local") || host.hasSuffix(".localhost")
    }

    /// A request to a path below the base.
    func request(
        _ method: HTTPRequest.Method, _ path: String, body: Data? = nil, accept: String
    ) -> HTTPRequest {
        var headers: HTTPHeaders = ["Accept": accept]
        if body != nil { headers.add("Content-Type", "application/json") }
        return HTTPRequest(
            method, base.appending(path: path), headers: headers, body: body,
            credential: key.map { .bearer($0) }, timeouts: timeouts)
    }

    private func wire(
        _ request: OpenAIChatRequest, flavour: OpenAIFlavour
    ) async -> OpenAIWire.Request {
        var body = OpenAIWire.Request(
            model: request.model,
            messages: request.messages.map {
                OpenAIWire.Request.Message(role: $0.role.rawValue, content: $0.content)
            })
        body.maximumTokenCount = request.maximumTokenCount
        body.temperature = request.temperature
        // Some servers keep it in 32 bits, with a sign.
        body.seed = request.seed.map { Int($0 & 0x7FFF_FFFF) }
        if request.isStreamed {
            body.isStreamed = true
            body.streamOptions = OpenAIWire.Request.StreamOptions()
        }
        if let thinking = request.thinking { body.setThinking(thinking, for: flavour) }
        if flavour == .openAI { body.apply(.completionTokens) }
        for adjustment in await habits.adjustments { body.apply(adjustment) }
        return body
    }

    private func attempt(
        _ request: OpenAIChatRequest, body: OpenAIWire.Request,
        emit: @escaping @Sendable (OpenAIEvent) -> Void
    ) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let response: HTTPResponse
        do {
            response = try await caller.transport.send(
                self.request(
                    .post, "chat/completions", body: encoder.encode(body),
                    accept: "text/event-stream, application/json"))
        } catch let error as HTTPError {
            throw OpenAIError.transport(error)
        }
        guard (200..<300).contains(response.status) else {
            throw OpenAIError.refused(try await refusal(in: response))
        }
        var reader = OpenAIAnswerReader(
            contentType: response.headers["content-type"], request: request, emit: emit,
            hideKey: hidingKey)
        do {
            for try await piece in response.body {
                try reader.append(piece)
                if reader.isDone { break }
            }
        } catch let error as HTTPError {
            try Task.checkCancellation()
            if !reader.isComplete {
                throw reader.hasBegun
                    ? OpenAIError.incomplete(why: "\(error)") : OpenAIError.transport(error)
            }
        }
        // A stream ends without an error when its task is cancelled; what is complete is kept.
        if !reader.isComplete { try Task.checkCancellation() }
        try reader.end()
    }

    /// What an answer says whose status says no.
    func refusal(in response: HTTPResponse) async throws -> OpenAIRefusal {
        var body = Data()
        do {
            for try await piece in response.body {
                body.append(piece)
                if body.count > 1 << 16 { break }
            }
        } catch is HTTPError {
            // What came of it is all there is to show.
        }
        try Task.checkCancellation()
        return refusal(
            in: HTTPAnswer(
                status: response.status, headers: response.headers, url: response.url,
                body: body.prefix(1 << 16)))
    }

    func refusal(in answer: HTTPAnswer) -> OpenAIRefusal {
        let body = Data(hidingKey(String(decoding: answer.body, as: UTF8.self)).utf8)
        var refusal = OpenAIRefusal(status: answer.status, body: body)
        if (300..<400).contains(answer.status) {
            let place = answer.headers["location"].map { OpenAIText.line($0, limit: 128) }
            refusal.message = "it sends us elsewhere, to \(place ?? "nowhere")"
        }
        refusal.wait = OpenAIWait.asked(
            by: answer, body: body, isOpenRouter: OpenAIFlavour(base) == .openRouter,
            now: caller.clock.date)
        return refusal
    }

    private func hidingKey(_ text: String) -> String {
        key?.withText { text.replacingOccurrences(of: $0, with: "(key)") } ?? text
    }
}
