import Foundation

/// What a server says when it does not answer, in a status or inside an answer that had begun well.
package struct OpenAIRefusal: Hashable, Sendable {
    /// Of HTTP; for an error inside an answer the nearest one.
    package var status: Int
    /// The server's own words, one line of at most 300 characters.
    package var message: String
    /// `error.code`, `error.type` and OpenRouter's `error.metadata.error_type`, whichever are texts.
    package var words: Set<String> = []
    /// The field of the request that is to blame.
    package var parameter: String?
    /// Why moderation refuses the text.
    package var reasons: [String] = []
    /// OpenRouter: which limit was reached.
    package var limitSource: String?
    /// How long the server asks to wait.
    package var wait: Duration?

    package init(status: Int, message: String) {
        self.status = status
        self.message = message
    }

    /// An answer whose status says no.
    ///
    /// - Parameter body: The beginning of it.
    init(status: Int, body: Data) {
        let value = try? JSONDecoder().decode(WireValue.self, from: body)
        self.init(status: status, message: "")
        if let value { read(value) }
        if message.isEmpty {
            message = OpenAIText.line(String(decoding: body.prefix(4096), as: UTF8.self))
        }
    }

    /// An error inside an answer.
    ///
    /// - Returns: nil when `value` is no error.
    init?(inside value: WireValue, isErrorEvent: Bool = false) {
        guard
            value["error"] != nil || isErrorEvent || value["object"]?.text == "error"
                || value["message"]?.text != nil || value["detail"] != nil
        else { return nil }
        self.init(status: 0, message: "")
        read(value)
        status = Self.status(of: value["error"]?["code"] ?? value["code"], words: words)
        if message.isEmpty { message = "an error without a message" }
    }

    private mutating func read(_ value: WireValue) {
        let error = value["error"] ?? value
        let detail = value["detail"] ?? value["details"]
        var text =
            error["message"]?.text ?? value["error"]?.text ?? value["message"]?.text
            ?? detail?.text ?? Self.sentences(detail) ?? ""
        let metadata = error["metadata"]
        if let raw = metadata?["raw"]?.text { text += ": " + raw }
        message = OpenAIText.line(text)
        for word in [error["code"], error["type"], metadata?["error_type"]] {
            if let word = word?.text { words.insert(OpenAIText.line(word, limit: 64)) }
        }
        parameter = error["param"]?.text.map { OpenAIText.line($0, limit: 64) }
        parameter = parameter ?? Self.location(detail)
        limitSource = metadata?["limit_source"]?.text.map { OpenAIText.line($0, limit: 64) }
        reasons = (metadata?["reasons"]?.list ?? []).prefix(8).compactMap {
            $0.text.map { OpenAIText.line($0, limit: 64) }
        }
    }

    /// FastAPI's list of complaints: `[{"loc": ["body", "seed"], "msg": "…"}]`.
    private static func sentences(_ detail: WireValue?) -> String? {
        let complaints = detail?.list?.prefix(8).compactMap { complaint -> String? in
            guard let message = complaint["msg"]?.text else { return nil }
            let place = complaint["loc"]?.list?.compactMap(\.text).joined(separator: ".")
            return place.map { "\($0): \(message)" } ?? message
        }
        return complaints.flatMap { $0.isEmpty ? nil : $0.joined(separator: "; ") }
    }

    private static func location(_ detail: WireValue?) -> String? {
        guard let path = detail?.list?.first?["loc"]?.list?.compactMap(\.text), path.count > 1
        else { return nil }
        return path.last.map { OpenAIText.line($0, limit: 64) }
    }

    /// Codes inside an answer are numbers of HTTP, or words.
    private static func status(of code: WireValue?, words: Set<String>) -> Int {
        if let number = code?.number, (400...599).contains(number) { return Int(number) }
        let all = words.joined(separator: " ").lowercased()
        let meanings = [
            ("insufficient_quota", 429), ("rate_limit", 429), ("overload", 503),
            ("unavailable", 503), ("timeout", 504), ("content_policy", 403), ("moderation", 403),
            ("context_length", 400), ("invalid_request", 400), ("badrequest", 400),
            ("authentication", 401), ("not_found", 404),
        ]
        // A server that breaks off for a reason of its own may well do better next time.
        return meanings.first { all.contains($0.0) }?.1 ?? 500
    }
}
