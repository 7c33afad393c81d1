/// Which dialect a server speaks; found out by the first pass.
actor TinkerDialects {
    private(set) var current: TinkerDialect?
    /// nil until it is known; false when the server refuses to score the last tokens only.
    private(set) var knowsLastN: Bool?

    init(_ configuration: TinkerConfiguration) {
        switch configuration.wire {
        case .proto: current = .proto
        case .json: current = .json
        case .auto: current = configuration.isProduction ? .proto : nil
        }
    }

    /// Whether it was not known before.
    func settle(_ dialect: TinkerDialect) -> Bool {
        guard current == nil else { return false }
        current = dialect
        return true
    }

    func settleLastN(_ isKnown: Bool) { knowsLastN = isKnown }
}
