/// A flag that older files do not have: there it is off.
@propertyWrapper
public struct OffWhereAbsent: Hashable, Sendable, Codable {
    /// Whether it is on.
    public var wrappedValue: Bool

    /// A flag.
    public init(wrappedValue: Bool) { self.wrappedValue = wrappedValue }

    /// From a truth value.
    public init(from decoder: any Decoder) throws {
        wrappedValue = try decoder.singleValueContainer().decode(Bool.self)
    }

    /// To a truth value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

extension KeyedDecodingContainer {
    /// What synthesised decoders call.
    func decode(_ type: OffWhereAbsent.Type, forKey key: Key) throws -> OffWhereAbsent {
        try decodeIfPresent(type, forKey: key) ?? OffWhereAbsent(wrappedValue: false)
    }
}
