/// The number of one token in a model's vocabulary.
///
/// Stored as 32 bits so that an array of them can be handed to the kernels as it is.
@frozen
public struct TokenID: RawRepresentable, Hashable, Comparable, Sendable, Codable,
    ExpressibleByIntegerLiteral, CustomStringConvertible
{
    /// The row of the embedding; never negative for a valid token.
    public var rawValue: Int32

    /// A token from its number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// A token from its number; `number` must fit 32 bits.
    public init(_ number: Int) { self.rawValue = Int32(number) }

    /// A token written as a literal.
    public init(integerLiteral value: Int32) { self.rawValue = value }

    /// Tokens encode as plain numbers.
    public init(from decoder: any Swift.Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(Int32.self)
    }

    /// Tokens encode as plain numbers.
    public func encode(to encoder: any Swift.Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    /// By number.
    public static func < (left: TokenID, right: TokenID) -> Bool { left.rawValue < right.rawValue }

    /// The row of the embedding.
    public var index: Int { Int(rawValue) }

    /// The number.
    public var description: String { String(rawValue) }
}
