public import Transformer

/// An example as tokens: what teacher and student read before the same response.
public struct RenderedExample: Hashable, Sendable {
    /// Tokens before the response with the prompt; never empty.
    public let teacherContext: [TokenID]
    /// Tokens before the response without the prompt; never empty.
    public let studentContext: [TokenID]
    /// The tokens both predict, end of turn included when the response ended; never empty.
    public let responseTokens: [TokenID]

    /// An example; each part must hold at least one token, since the last token of a context
    /// predicts the first one of the response.
    public init(
        teacherContext: [TokenID], studentContext: [TokenID], responseTokens: [TokenID]
    ) {
        precondition(!teacherContext.isEmpty && !studentContext.isEmpty && !responseTokens.isEmpty)
        self.teacherContext = teacherContext
        self.studentContext = studentContext
        self.responseTokens = responseTokens
    }
}
