/// Why there is no answer.
package enum OpenAIError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nothing came.
    case transport(HTTPError)
    /// The server says no.
    case refused(OpenAIRefusal)
    /// The answer ended, or broke off, before the server said that it is complete. What came of it is
    /// no response.
    case incomplete(why: String)
    /// Something in the answer is not what the protocol says; shows its beginning.
    case malformed(String)
    /// The answer does not end.
    case endless(byteCount: Int)

    package var description: String {
        switch self {
        case .transport(let error): OpenAIText.line("\(error)")
        case .refused(let refusal):
            "it answers \(refusal.status)"
                + (refusal.message.isEmpty ? "" : ": \(refusal.message)")
        case .incomplete(let why): "the answer is incomplete: \(why)"
        case .malformed(let start): "the answer cannot be read: \(start)"
        case .endless(let byteCount):
            "the answer is longer than \(byteCount) bytes although fewer tokens were asked for"
        }
    }
}
