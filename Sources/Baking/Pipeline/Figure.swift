/// A measured number. In JSON one that is not finite is `null`, read back as not a number.
@propertyWrapper
public struct Figure: Hashable, Sendable, Codable {
    /// The number.
    public var wrappedValue: Double

    /// A number.
    public init(wrappedValue: Double) { self.wrappedValue = wrappedValue }

    /// From a number or `null`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? .nan : try container.decode(Double.self)
    }

    /// To a number or `null`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if wrappedValue.isFinite {
            try container.encode(wrappedValue)
        } else {
            try container.encodeNil()
        }
    }

    /// What there is to say about the numbers in `value` that JSON cannot hold; nil when all are
    /// finite.
    static func note(on value: Any) -> String? {
        var reasons: [String] = []
        collect(value, name: "", into: &reasons)
        return reasons.isEmpty ? nil : reasons.joined(separator: ", ")
    }

    private static func collect(_ value: Any, name: String, into reasons: inout [String]) {
        if let figure = value as? Figure {
            if figure.wrappedValue.isFinite { return }
            reasons.append("\(name) is \(figure.wrappedValue.isNaN ? "not a number" : "infinite")")
            return
        }
        for child in Mirror(reflecting: value).children {
            let label = child.label.map { $0.hasPrefix("_") ? String($0.dropFirst()) : $0 }
            collect(
                child.value,
                name: [name, label ?? ""].filter { !$0.isEmpty }.joined(separator: "."),
                into: &reasons)
        }
    }
}

/// A confidence interval; in JSON the list of its two ends.
public struct Interval: Hashable, Sendable, Codable {
    /// Lower end.
    @Figure public var low: Double
    /// Upper end.
    @Figure public var high: Double

    /// An interval.
    public init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }

    /// From a list of two numbers.
    public init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        _low = try container.decode(Figure.self)
        _high = try container.decode(Figure.self)
    }

    /// To a list of two numbers.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(_low)
        try container.encode(_high)
    }
}
