extension OpenAIClient {
    /// One line for a person: which service, what is wrong, and what to do about it where there is
    /// something.
    ///
    /// - Parameter model: What was asked for.
    package func line(for error: OpenAIError, model: String? = nil) -> String {
        let what = "\(name): \(error)"
        guard let remedy = remedy(for: error, model: model) else { return what }
        return "\(what); \(remedy)"
    }

    private func remedy(for error: OpenAIError, model: String?) -> String? {
        switch error {
        case .transport(.cannotConnect): return "see services.\(name).base-url"
        case .refused(let refusal):
            switch refusal.status {
            case 401:
                return keyVariable.map { "set \($0) to a valid key" }
                    ?? "name the variable that holds a key in services.\(name).key-env"
            case 402 where refusal.wait == nil: return "add credit at \(name) and run again"
            case 403 where !refusal.reasons.isEmpty:
                return "moderation names " + refusal.reasons.joined(separator: ", ")
            case 404:
                let place = model.map { " (\($0))" } ?? ""
                return "see services.\(name).model\(place) and base-url"
            case 429 where refusal.words.contains("insufficient_quota"):
                return "see the quota at \(name) and run again"
            case 300..<400: return "correct services.\(name).base-url"
            default: return nil
            }
        default: return nil
        }
    }
}
