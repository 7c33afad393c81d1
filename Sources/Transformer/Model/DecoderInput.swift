/// One sequence of a batch: its new tokens, and what is wanted of them.
package struct DecoderInput {
    /// Not empty.
    package var tokens: [TokenID]
    /// What came before, to which the tokens are appended; nil when they are the whole sequence
    /// and nothing will follow.
    package var cache: KVCache?
    /// The tokens whose final hidden state is wanted, counted from the first of `tokens`; state i
    /// predicts token i + 1.
    package var wanted: Range<Int>

    /// - Parameter wanted: The last token alone unless given.
    package init(_ tokens: [TokenID], cache: KVCache? = nil, wanted: Range<Int>? = nil) {
        self.tokens = tokens
        self.cache = cache
        self.wanted = wanted ?? max(tokens.count - 1, 0)..<tokens.count
        precondition(self.wanted.lowerBound >= 0 && self.wanted.upperBound <= tokens.count)
    }
}
